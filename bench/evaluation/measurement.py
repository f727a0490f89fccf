"""What a run measures: metrics with their companions, the judge, and what is left out because something is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import bench.metrics
from bench.errors import WeightsMissing
from bench.evaluation.judging import find_judge
from bench.metrics import MetricDefinition
from bench.vocabulary import REGIONS, Dataset, Judge, Region
from bench.weights import find_set

__all__ = ["Measurement", "prepare"]


@dataclass(frozen=True)
class Measurement:
    """What is measured in every cell of a run.

    Attributes:
        names: metrics that can be taken, in order, companions included.
        unavailable: metric that was asked for to the reason why it is left out.
        judge: who segments completed pictures, or None where no metric needs it.
        classes: keys of the data set's classes in records.
        regions: where metrics are taken.
    """

    names: tuple[str, ...]
    unavailable: dict[str, str] = field(default_factory=dict)
    judge: Judge | None = None
    classes: tuple[str, ...] = ()
    regions: tuple[Region, ...] = REGIONS

    @property
    def warnings(self) -> list[str]:
        """What is left out, a line a reason."""
        reasons = dict.fromkeys(self.unavailable.values())
        metrics = {why: [name for name, reason in self.unavailable.items() if reason == why] for why in reasons}
        return [f"{', '.join(names)}: not measured: {why}" for why, names in metrics.items()]

    @property
    def of_images(self) -> list[MetricDefinition]:
        """Metrics with a value an image."""
        return [metric for metric in self._definitions if metric.aggregate == "image-mean"]

    @property
    def of_sets(self) -> list[MetricDefinition]:
        """Metrics with one value of all images."""
        return [metric for metric in self._definitions if metric.aggregate == "set"]

    @property
    def features(self) -> list[str]:
        """The kinds of features that metrics of sets are taken of."""
        return list(dict.fromkeys(metric.features for metric in self.of_sets))

    @property
    def fills(self) -> int:
        """How many fills of a hole are asked of a model that can give several."""
        return max((metric.fills for metric in self.of_images), default=0)

    @property
    def feature_names(self) -> list[str]:
        """What a shard's features are called on disk: of completed and of untouched pictures."""
        return [name for kind in self.features for name in (kind, f"truth-{kind}")]

    def signatures(self, height: int, width: int, size: str) -> dict[str, str]:
        """`metric.region` to its signature, for pictures of one size, or `native` ones."""
        return {
            f"{metric.name}.{region}": "|".join(
                [metric.signature(region, height, width), *self._judged_by(metric), f"size:{size}"]
            )
            for metric in self._definitions
            for region in metric.regions
            if region in self.regions
        }

    @property
    def _definitions(self) -> list[MetricDefinition]:
        return [bench.metrics.definition(name) for name in self.names]

    def _judged_by(self, metric: MetricDefinition) -> list[str]:
        if self.judge is None or "judge" not in metric.needs:
            return []
        return [f"judge:{self.judge.name}@{self.judge.fingerprint[:12]}"]


def prepare(
    names: Iterable[str],
    judge: str | Judge | None,
    dataset: Dataset,
    device: str,
    regions: tuple[Region, ...] = REGIONS,
) -> Measurement:
    """Look up metrics, load the judge if one of them needs it, and find out which of them cannot be taken here.

    Args:
        names: of the catalogue.
        judge: a name of the catalogue of judges, or a judge; None: the one that ships for the data set, if one does.
        regions: where metrics are taken; those that are defined in none of them are left out.

    Raises:
        UnknownName: for a metric or a judge that no catalogue holds, with suggestions.
        UsageError: a judge that was named cannot be loaded, or its classes are not the data set's.
    """
    wanted = tuple(names)
    every = [bench.metrics.definition(name) for name in bench.metrics.with_companions(wanted)]
    needed = {need for metric in every for need in metric.needs}
    found, missing = find_judge(judge, dataset, device) if "judge" in needed else (None, "")
    reasons = {"judge": missing} | {need: _missing_weights(need) for need in sorted(needed - {"judge"})}
    lacking = {metric.name: [reasons[need] for need in metric.needs if reasons[need]] for metric in every}
    for metric in every:
        if not set(metric.regions) & set(regions):
            lacking[metric.name].append(f"it needs masks: it is taken in region {' and '.join(metric.regions)}")
    available = tuple(name for name, why in lacking.items() if not why)
    unavailable = {name: "; ".join(lacking[name]) for name in wanted if lacking[name]}
    return Measurement(available, unavailable, found, bench.metrics.class_keys(dataset.classes), regions)


def _missing_weights(name: str) -> str:
    """Fetch weights that are not at hand; why they cannot be had, or nothing."""
    try:
        find_set(name)
    except WeightsMissing as error:
        return str(error)
    return ""
