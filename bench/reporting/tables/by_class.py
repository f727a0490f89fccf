"""The table by class: a group a class, over all protocols, a column a `metric.region`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.aggregate import MIN_VALUES
from bench.reporting.analysis.classes import ClassGroup, class_columns, class_scores
from bench.reporting.analysis.columns import Column, column_of
from bench.reporting.analysis.frames import class_frame
from bench.reporting.analysis.ranking import ranked
from bench.reporting.analysis.signatures import merge_signatures
from bench.reporting.tables.mark_notes import mark_notes
from bench.reporting.tables.model import Table, oracles_last
from bench.reporting.titles import dataset_title

__all__ = ["class_table", "table_of_classes"]


def class_table(analysis: RunAnalysis) -> Table | None:
    """The table; None without values by class."""
    return table_of_classes(analysis, analysis.classes, "by-class", "by class", analysis.together_text)


def table_of_classes(
    analysis: RunAnalysis, classes: Sequence[ClassGroup], name: str, title: str, together: str
) -> Table | None:
    """A table by class; None without values.

    Args:
        analysis: of the run.
        classes: the groups.
        name: of the table's files.
        title: what follows that of the data set.
        together: what was taken together, for the note.
    """
    keys = class_columns(classes)
    if not keys:
        return None
    columns = tuple(column_of(key, class_scores(classes, key)) for key in keys)
    groups = [ranked(one.group, columns) for one in classes]
    cells = analysis.run.cells
    return Table(
        title=f"{dataset_title(analysis.run.info)}, {title}",
        columns=columns,
        groups=tuple(map(oracles_last, groups)),
        notes=(*mark_notes(groups, columns, "class"), *_notes(together, classes, columns)),
        signatures=tuple(merge_signatures(cells, analysis.titles_of(cells), columns)),
        name=name,
        numbers=partial(class_frame, classes),
    )


def _notes(together: str, classes: Sequence[ClassGroup], columns: Sequence[Column]) -> Iterator[str]:
    yield (
        f"{together.capitalize()} together. n counts the fills in which the class has a value: where it is in the "
        "region, in truth or in the prediction; several of one picture are drawn and tested as one. No number from "
        f"fewer than {MIN_VALUES}."
    )
    for column in columns:
        ceilings = [(one.name, one.ceilings[column.key]) for one in classes if column.key in one.ceilings]
        if ceilings:
            listed = ", ".join(f"{name} {value:.{column.decimals}f}" for name, value in ceilings)
            unit = f" ({column.unit})" if column.unit else ""
            yield f"{column.title}, the judge's ceiling on untouched pictures{unit}: {listed}."
