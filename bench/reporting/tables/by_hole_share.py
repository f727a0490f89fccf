"""The table by hole share: a group a bin of 10 %, over all protocols, a column a metric of the hole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.aggregate import MIN_VALUES
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.frames import hole_share_frame
from bench.reporting.analysis.hole_share import HoleShareBin
from bench.reporting.analysis.ranking import ranked
from bench.reporting.analysis.signatures import merge_signatures
from bench.reporting.tables.mark_notes import mark_notes
from bench.reporting.tables.model import Table, oracles_last
from bench.reporting.titles import dataset_title

__all__ = ["hole_share_table"]


def hole_share_table(analysis: RunAnalysis) -> Table | None:
    """The table; None when no bin has enough values."""
    every = analysis.hole_share_bins
    bins = [bin_ for bin_ in every if not bin_.empty]
    if not bins:
        return None
    columns = tuple(analysis.columns[key] for key in bins[0].group.values if any(_has(bin_, key) for bin_ in bins))
    groups = [ranked(bin_.group, columns) for bin_ in bins]
    cells = analysis.run.cells
    return Table(
        title=f"{dataset_title(analysis.run.info)}, by share of missing pixels",
        columns=columns,
        groups=tuple(map(oracles_last, groups)),
        notes=(*mark_notes(groups, columns, "share"), *_notes(analysis.together_text, every, columns)),
        signatures=tuple(merge_signatures(cells, analysis.titles_of(cells), columns)),
        name="hole-share",
        numbers=partial(hole_share_frame, every),
    )


def _has(bin_: HoleShareBin, key: str) -> bool:
    return any(row.scores[key].value is not None for row in bin_.group.rows)


def _notes(together: str, bins: Sequence[HoleShareBin], columns: Sequence[Column]) -> Iterator[str]:
    yield (
        f"{together.capitalize()} together; the upper end belongs to a share. "
        "n counts fills: several of one picture are drawn and tested as one."
    )
    empty = [bin_.group.name for bin_ in bins if bin_.empty]
    if empty:
        yield f"Left out, with fewer than {MIN_VALUES} values of each model: {', '.join(empty)}."
    thin = [bin_.group.name for bin_ in bins if bin_.thin and not bin_.empty]
    if thin:
        yield f"Models with fewer than {MIN_VALUES} values have no number: {', '.join(thin)}."
    for column in columns:
        infinite = sum(bin_.infinite_in(column.key) for bin_ in bins)
        if infinite:
            yield f"{column.title}: {infinite} infinite values {column.infinite_text}."
