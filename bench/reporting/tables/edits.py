"""Tables of guidance by label maps: by what the map is, and by the class that it asks for."""

from __future__ import annotations

from functools import partial

from bench.metrics import is_ceiling
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.aggregate import MIN_VALUES
from bench.reporting.analysis.edits import edit_classes, edit_columns, edit_groups, edited_holes
from bench.reporting.analysis.frames import edit_frame
from bench.reporting.analysis.ranking import ranked
from bench.reporting.analysis.signatures import merge_signatures
from bench.reporting.tables.by_class import table_of_classes
from bench.reporting.tables.mark_notes import mark_notes
from bench.reporting.tables.model import Table, oracles_last
from bench.reporting.titles import dataset_title

__all__ = ["edit_class_table", "edit_table"]


def edit_table(analysis: RunAnalysis) -> Table | None:
    """A group a label map, over all holes; None for a run without edits or without a metric of them."""
    columns = tuple(edit_columns(analysis))
    found = edit_groups(analysis, columns) if columns else []
    if not found:
        return None
    contested = [column for column in columns if not is_ceiling(column.metric)]
    groups = [ranked(one.group, contested) for one in found]
    cells = analysis.run.cells
    return Table(
        title=f"{dataset_title(analysis.run.info)}, by label map",
        columns=columns,
        groups=tuple(map(oracles_last, groups)),
        notes=(*mark_notes(groups, columns, "label map"), _note(analysis)),
        signatures=tuple(merge_signatures(cells, analysis.titles_of(cells), contested)),
        name="edits",
        numbers=partial(edit_frame, found),
    )


def edit_class_table(analysis: RunAnalysis) -> Table | None:
    """A group a class that edited maps ask for; None without such values."""
    return table_of_classes(analysis, edit_classes(analysis), "edits-by-class", "by class, edited maps", "all edits")


def _note(analysis: RunAnalysis) -> str:
    return (
        f"Holes of {', '.join(edited_holes(analysis))} together; n counts fills: several of one picture are drawn and "
        "tested as one. Untouched: the number of the untouched picture, the same for every model: what a perfect model "
        "scores that ignores the edit, and under edit-none the judge's ceiling. No number from fewer than "
        f"{MIN_VALUES} values."
    )
