"""Quality class by class, over all protocols: what the table and the plot of it show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.metrics import class_keys
from bench.records import Run
from bench.reporting.naming import column_order, is_ceiling
from bench.reporting.pooled import FEWEST, pool_of
from bench.reporting.sections import Section
from bench.reporting.values import Floats, once_a_run, values_of

__all__ = ["FEWEST", "OneClass", "classes_of"]


@dataclass(frozen=True)
class OneClass:
    """One class of the data set.

    Attributes:
        name: as in `metric.region.class`.
        n: fills in which it occurs: where some model has a value.
        section: the models in it, over all protocols; a score has no value where there are fewer than 5.
        ceilings: column key to the mean that the judge reaches on untouched pictures.
    """

    name: str
    n: int
    section: Section
    ceilings: dict[str, float]

    def mean(self, row: int, key: str) -> tuple[float, float, float]:
        """Mean of a model with the ends of its interval; NaN without one."""
        score = self.section.lines[row].scores.get(key)
        if score is None or score.value is None:
            return (np.nan, np.nan, np.nan)
        return (score.value, *(score.ci95 or (score.value, score.value)))


@once_a_run
def classes_of(run: Run) -> list[OneClass]:
    """The classes that occur, in the order of the data set; none without a metric by class."""
    every = {key for cell in run.cells.values() for key in cell.by_class}
    order = {name: place for place, name in enumerate(class_keys(run.info.dataset.classes))}
    found = sorted({_split(key)[1] for key in every}, key=lambda name: (order.get(name, len(order)), name))
    columns = sorted({_split(key)[0] for key in every}, key=column_order)
    classes = (_one_class(run, name, [column for column in columns if f"{column}.{name}" in every]) for name in found)
    return [one for one in classes if one.n]


def _one_class(run: Run, name: str, columns: Sequence[str]) -> OneClass:
    pool = pool_of(run)
    values = {column: pool.values(f"{column}.{name}") for column in columns}
    shown = {column: of_column for column, of_column in values.items() if not is_ceiling(column)}
    inside = np.zeros_like(pool.scored)
    for of_column in shown.values():
        inside |= ~np.isnan(of_column)
    section = pool.section(name, shown, inside)
    return OneClass(name, int(inside.any(axis=0).sum()), section, _ceilings(values))


def _ceilings(values: dict[str, Floats]) -> dict[str, float]:
    """What the judge sees in untouched pictures is the same for every model: the mean over fills that any has."""
    found = {}
    for column, of_column in values.items():
        if is_ceiling(column) and np.isfinite(of_column).any():
            metric, _, region = column.partition(".")
            defined = of_column[:, np.isfinite(of_column).any(axis=0)]
            found[f"{metric.removesuffix('-ceiling')}.{region}"] = float(np.nanmax(defined, axis=0).mean())
    return found


def _split(key: str) -> tuple[str, str]:
    """`judge-iou.hole.car` as `judge-iou.hole` and `car`."""
    metric, region, name = key.split(".", 2)
    return f"{metric}.{region}", name


def class_keys_of(run: Run) -> list[str]:
    """The columns that some class has a value in, in order."""
    found = {key for one in classes_of(run) for line in one.section.lines for key, s in line.scores.items() if s.n}
    return sorted(found, key=column_order)


def occurrences(run: Run) -> int:
    """Fills of all protocols."""
    return sum(len(block.samples) for block in values_of(run).values())
