"""The table by hole share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.records import Run
from bench.reporting.bins import FEWEST, Bin, bins_of
from bench.reporting.legend import mark_notes
from bench.reporting.naming import dataset_title, model_names
from bench.reporting.notes import merge_signatures
from bench.reporting.sections import grouped, ranked
from bench.reporting.table import Column, Table, run_columns
from bench.reporting.values import once_a_run

__all__ = ["bin_table"]


@once_a_run
def bin_table(run: Run) -> Table | None:
    """A group a bin of 10 %, over all protocols, a column a metric of the hole; None when no bin has enough values."""
    bins = [bin_ for bin_ in bins_of(run) if not bin_.empty]
    if not bins:
        return None
    keys = [key for key in bins[0].section.values if any(_has(bin_, key) for bin_ in bins)]
    columns = tuple(run_columns(run)[key] for key in keys)
    names = model_names(run)
    called = {key: names[key.model, key.fingerprint] for key in run.cells}
    rankings = {bin_.section.protocol: ranked(bin_.section, columns) for bin_ in bins}
    titled = [(column.title, column.key) for column in columns]
    return Table(
        title=f"{dataset_title(run)}, by share of missing pixels",
        columns=columns,
        groups=tuple(grouped(bin_.section, columns, rankings[bin_.section.protocol]) for bin_ in bins),
        notes=(*mark_notes(rankings, columns, list(names.values()), "share"), *_notes(bins_of(run), columns)),
        signatures=tuple(merge_signatures(run.cells, called, titled)),
        name="hole-share",
        tested=any(ranking.tested for ranking in rankings.values()),
    )


def _has(bin_: Bin, key: str) -> bool:
    return any(line.scores[key].value is not None for line in bin_.section.lines)


def _notes(bins: Sequence[Bin], columns: Sequence[Column]) -> Iterator[str]:
    yield (
        "All protocols together; the upper end belongs to a share. n counts fills: several of one picture are drawn "
        "and tested as one."
    )
    empty = [bin_.section.protocol for bin_ in bins if bin_.empty]
    if empty:
        yield f"Left out, with fewer than {FEWEST} values of each model: {', '.join(empty)}."
    thin = [bin_.section.protocol for bin_ in bins if bin_.thin and not bin_.empty]
    if thin:
        yield f"Models with fewer than {FEWEST} values have no number: {', '.join(thin)}."
    for column in columns:
        infinite = sum(line.scores[column.key].n_infinite for bin_ in bins for line in bin_.section.lines)
        if infinite:
            yield f"{column.title}: {infinite} infinite values are in no mean."
