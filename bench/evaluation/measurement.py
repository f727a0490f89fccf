"""What a run measures: metrics with their companions, the judge, and what is left out because something is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from itertools import islice

import bench.metrics
from bench.errors import WeightsMissing
from bench.evaluation.judging import find_judge
from bench.metrics import MetricDefinition, MetricKey
from bench.removal import Task
from bench.vocabulary import REGIONS, Dataset, Judge, Region
from bench.weights import find_set

__all__ = ["NO_TRUTH", "Measurement", "prepare"]

NO_TRUTH = "needs pictures without the object, and the data set has none: its own still show what is to be removed"
"""Why a metric that compares with the truth is refused of a removal."""
_NO_TRUTH_OF_EDITS = "compares with the true picture, and the label map asks for another one"


@dataclass(frozen=True)
class Measurement:
    """What is measured in every cell of a run.

    Attributes:
        names: metrics that can be taken, in order, companions included.
        unavailable: metric that was asked for to the reason why it is left out.
        judge: who segments completed pictures, or None where no metric needs it.
        classes: keys of the data set's classes in records.
        regions: where metrics are taken.
        task: what the protocol asks of a model.
        refused: `metric.region` to why it is not taken under the protocol, though it can be under others.
    """

    names: tuple[str, ...]
    unavailable: dict[str, str] = field(default_factory=dict)
    judge: Judge | None = None
    classes: tuple[str, ...] = ()
    regions: tuple[Region, ...] = REGIONS
    task: Task = "completion"
    refused: Mapping[str, str] = field(default_factory=dict)

    def under(self, task: Task, *, has_truths: bool) -> Measurement:
        """What of it is measured under a protocol.

        Args:
            task: of the protocol.
            has_truths: whether pictures can be compared with the truth.
        """
        refused = {
            f"{metric.name}.{region}": why
            for metric in self._definitions
            for region in self.regions_of(metric)
            if (why := _refusal(metric, region, task, has_truths=has_truths))
        }
        return replace(self, task=task, refused=refused)

    def regions_of(self, metric: MetricDefinition) -> list[Region]:
        """Where a metric is taken."""
        regions = (region for region in metric.regions if region in self.regions)
        return [region for region in regions if f"{metric.name}.{region}" not in self.refused]

    @property
    def keys_of_images(self) -> frozenset[str]:
        """`metric.region` of every value that an image has."""
        return frozenset(f"{metric.name}.{region}" for metric in self.of_images for region in self.regions_of(metric))

    @property
    def warnings(self) -> list[str]:
        """What is left out, a line a reason."""
        reasons = dict.fromkeys(self.unavailable.values())
        metrics = {why: [name for name, reason in self.unavailable.items() if reason == why] for why in reasons}
        return [f"{', '.join(names)}: not measured: {why}" for why, names in metrics.items()]

    @property
    def refusals(self) -> list[str]:
        """What is refused under the protocol, a line a reason."""
        taken = {metric.name for metric in self._taken}
        metrics: dict[str, dict[str, None]] = {}
        for name, why in self.refused.items():
            metric = MetricKey.parse(name).metric
            metrics.setdefault(why, {})[f"{metric} (but of known pixels)" if metric in taken else metric] = None
        return [f"{', '.join(names)}: not measured: {why}" for why, names in metrics.items()]

    @property
    def of_images(self) -> list[MetricDefinition]:
        """Metrics with a value an image."""
        return [metric for metric in self._taken if metric.aggregate == "image-mean"]

    @property
    def of_sets(self) -> list[MetricDefinition]:
        """Metrics with one value of all images."""
        return [metric for metric in self._taken if metric.aggregate == "set"]

    @property
    def features(self) -> list[str]:
        """The kinds of features that metrics of sets are taken of."""
        return list(dict.fromkeys(metric.features for metric in self.of_sets))

    @property
    def fills(self) -> int:
        """How many fills of a hole are asked of a model that can give several."""
        return max((metric.fills for metric in self.of_images), default=0)

    @property
    def judges_fills(self) -> bool:
        """Whether a judge looks at each of several fills."""
        return any(metric.fills and "judge" in metric.needs for metric in self.of_images)

    @property
    def feature_names(self) -> list[str]:
        """What a shard's features are called on disk: of completed and of untouched pictures."""
        return [name for kind in self.features for name in (kind, f"truth-{kind}")]

    def signatures(self, height: int, width: int, size: str) -> dict[str, str]:
        """`metric.region` to its signature, for pictures of one size, or `native` ones."""
        task = [] if self.task == "completion" else [f"task:{self.task}"]
        return {
            f"{metric.name}.{region}": "|".join(
                [metric.signature(region, height, width), *self._judged_by(metric), f"size:{size}", *task]
            )
            for metric in self._definitions
            for region in self.regions_of(metric)
        }

    @property
    def _taken(self) -> list[MetricDefinition]:
        return [metric for metric in self._definitions if self.regions_of(metric)]

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
    reason = cache(lambda need: missing if need == "judge" else _missing(need, dataset))
    lacking = {metric.name: list(islice(filter(None, map(reason, metric.needs)), 1)) for metric in every}
    for metric in every:
        if not set(metric.regions) & set(regions):
            lacking[metric.name].append(f"it needs masks: it is taken in region {' and '.join(metric.regions)}")
    available = tuple(name for name, why in lacking.items() if not why)
    unavailable = {name: "; ".join(lacking[name]) for name in wanted if lacking[name]}
    return Measurement(available, unavailable, found, bench.metrics.class_keys(dataset.classes), regions)


def _refusal(metric: MetricDefinition, region: Region, task: Task, *, has_truths: bool) -> str:
    """Why a metric is not taken under a protocol, or nothing."""
    if task not in metric.tasks:
        return f"means nothing under {task}: it is a metric of {' and '.join(metric.tasks)}"
    if metric.needs_truth and not has_truths and region != "known":
        return _NO_TRUTH_OF_EDITS if task == "editing" else NO_TRUTH
    return ""


def _missing(need: str, dataset: Dataset) -> str:
    """Why something that a metric needs is not at hand, or nothing."""
    if need == "prompts":
        return "" if _has_prompts(dataset) else f"the data set {dataset.name} has no texts (prompts.json)"
    if need == "transformers":
        installed = all(find_spec(name) is not None for name in ("transformers", "tokenizers"))
        return "" if installed else 'transformers is not installed: pip install "spgbench[hf]"'
    return _missing_weights(need)


def _has_prompts(dataset: Dataset) -> bool:
    """Whether its pictures have texts; of a data set that does not say so, whether the first one has."""
    known = getattr(dataset, "prompted", None)
    return any(sample.prompt for sample in islice(dataset, 1)) if known is None else bool(known)


def _missing_weights(name: str) -> str:
    """Fetch weights that are not at hand; why they cannot be had, or nothing."""
    try:
        find_set(name)
    except WeightsMissing as error:
        return str(error)
    return ""
