"""The table by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.records import Run, Score
from bench.reporting.classes import FEWEST, OneClass, class_keys_of, classes_of
from bench.reporting.legend import mark_notes
from bench.reporting.naming import dataset_title, metric_title, model_names
from bench.reporting.notes import merge_signatures
from bench.reporting.sections import grouped, ranked
from bench.reporting.table import Column, Table, as_column
from bench.reporting.values import once_a_run

__all__ = ["class_table"]


@once_a_run
def class_table(run: Run) -> Table | None:
    """A group a class, over all protocols, a column a `metric.region`; None without values by class."""
    classes = classes_of(run)
    keys = class_keys_of(run)
    if not keys:
        return None
    columns = tuple(as_column(key, _scores(classes, key)) for key in keys)
    names = list(model_names(run).values())
    rankings = {one.name: ranked(one.section, columns) for one in classes}
    return Table(
        title=f"{dataset_title(run)}, by class",
        columns=columns,
        groups=tuple(grouped(one.section, columns, rankings[one.name]) for one in classes),
        notes=(*mark_notes(rankings, columns, names, "class"), *_notes(run, columns)),
        signatures=tuple(_signatures(run, columns)),
        name="by-class",
        tested=any(ranking.tested for ranking in rankings.values()),
    )


def _scores(classes: Sequence[OneClass], key: str) -> list[Score]:
    return [line.scores[key] for one in classes for line in one.section.lines if key in line.scores]


def _notes(run: Run, columns: Sequence[Column]) -> Iterator[str]:
    yield (
        "All protocols together. n counts the fills in which the class has a value: where it is in the region, in "
        "truth or in the prediction; several of one picture are drawn and tested as one. No number from fewer than "
        f"{FEWEST}."
    )
    for column in columns:
        ceilings = [(one.name, one.ceilings[column.key]) for one in classes_of(run) if column.key in one.ceilings]
        if ceilings:
            listed = ", ".join(f"{name} {value:.{column.decimals}f}" for name, value in ceilings)
            unit = f" ({column.unit})" if column.unit else ""
            yield f"{metric_title(column.key)}, the judge's ceiling on untouched pictures{unit}: {listed}."


def _signatures(run: Run, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
    """Of the same metrics over all classes."""
    names = model_names(run)
    called = {key: names[key.model, key.fingerprint] for key in run.cells}
    yield from merge_signatures(run.cells, called, [(column.title, column.key) for column in columns])
