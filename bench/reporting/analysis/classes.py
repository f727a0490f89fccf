"""Quality class by class, over all protocols: what the table and the plot of it show."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from bench.metrics import MetricKey, class_keys, find_definition, is_ceiling
from bench.records import Score
from bench.reporting.analysis.aggregate import Aggregate
from bench.reporting.analysis.groups import Group
from bench.reporting.analysis.values import Floats
from bench.reporting.titles import key_order

__all__ = ["ClassGroup", "class_columns", "class_groups", "class_scores"]


@dataclass(frozen=True)
class ClassGroup:
    """One class of the data set.

    Attributes:
        name: as in `metric.region.class`.
        n: fills in which it occurs: where some model has a value.
        group: the models in it, over all protocols; a score has no value where there are fewer than 5.
        ceilings: column key to the mean that the judge reaches on untouched pictures.
    """

    name: str
    n: int
    group: Group
    ceilings: dict[str, float]

    def mean(self, row: int, key: str) -> tuple[float, float, float]:
        """Mean of a model with the ends of its interval; NaN without one."""
        score = self.group.rows[row].scores.get(key)
        if score is None or score.value is None:
            return (np.nan, np.nan, np.nan)
        return (score.value, *(score.ci95 or (score.value, score.value)))


def class_groups(aggregate: Aggregate, shown: Collection[str]) -> list[ClassGroup]:
    """The classes that occur, in the order of the data set; none without a metric by class.

    Args:
        aggregate: of all protocols.
        shown: the `metric.region` that tables show; ceilings come with them.
    """
    recorded = {MetricKey.parse(key) for cell in aggregate.run.cells.values() for key in cell.by_class}
    every = {key for key in recorded if is_ceiling(key.metric) or str(replace(key, class_name="")) in shown}
    order = {name: place for place, name in enumerate(class_keys(list(aggregate.run.info.dataset.classes)))}
    found = sorted({key.class_name for key in every}, key=lambda name: (order.get(name, len(order)), name))
    groups = (_class_group(aggregate, name, [key for key in every if key.class_name == name]) for name in found)
    return [group for group in groups if group.n]


def class_columns(classes: Iterable[ClassGroup]) -> list[str]:
    """Keys of the columns that some class has a value in, in order."""
    found = {key for one in classes for row in one.group.rows for key, score in row.scores.items() if score.n}
    return sorted(found, key=key_order)


def class_scores(classes: Iterable[ClassGroup], key: str) -> list[Score]:
    """The scores of a column in all classes and models."""
    return [row.scores[key] for one in classes for row in one.group.rows if key in row.scores]


def _class_group(aggregate: Aggregate, name: str, keys: Iterable[MetricKey]) -> ClassGroup:
    values = {str(replace(key, class_name="")): aggregate.values(str(key)) for key in keys}
    values = {key: values[key] for key in sorted(values, key=key_order)}
    shown = {key: of_key for key, of_key in values.items() if not is_ceiling(MetricKey.parse(key).metric)}
    inside = np.zeros_like(aggregate.scored)
    for of_key in shown.values():
        inside |= ~np.isnan(of_key)
    group = aggregate.group(name, {key: str(replace(MetricKey.parse(key), class_name=name)) for key in shown}, inside)
    return ClassGroup(name, int(inside.any(axis=0).sum()), group, _ceilings(values))


def _ceilings(values: dict[str, Floats]) -> dict[str, float]:
    """What the judge sees in untouched pictures is the same for every model: the mean over fills that any has."""
    found = {}
    for key, of_key in values.items():
        parsed = MetricKey.parse(key)
        metric = find_definition(parsed.metric)
        if metric and metric.ceiling_of and np.isfinite(of_key).any():
            defined = of_key[:, np.isfinite(of_key).any(axis=0)]
            found[str(MetricKey(metric.ceiling_of, parsed.region))] = float(np.nanmax(defined, axis=0).mean())
    return found
