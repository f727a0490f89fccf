"""Which metrics there are: the source of `spgbench ls metrics`, of docs/reference/metrics.md and of every signature.

A metric is found by where it lies: every module directly in one of the families' packages may have `DEFINITIONS`, a
tuple of MetricDefinition. Such modules import nothing heavy; what computes lies in the package `backends` beside them.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from bench.errors import TooSmall, UsageError
from bench.metrics.definition import MetricDefinition
from bench.registry import Registry
from bench.vocabulary import Region

if TYPE_CHECKING:
    import torch

    from bench.metrics.view import BatchView

__all__ = [
    "BUILT_IN",
    "FAMILIES",
    "METRICS",
    "built_in",
    "ceiling_of",
    "class_keys",
    "column_order",
    "definition",
    "family_modules",
    "find_definition",
    "is_ceiling",
    "measure",
    "metric_title",
    "signature",
    "signatures",
    "with_companions",
]

FAMILIES = (
    "pixel",
    "structural",
    "seam",
    "perceptual",
    "distribution",
    "segmentation",
    "removal",
    "editing",
    "evaluators",
)
"""The packages that metrics lie in."""


def family_modules(family: str) -> Iterator[ModuleType]:
    """The modules that lie directly in a family's package, imported."""
    package = import_module(f"bench.metrics.{family}")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not module.ispkg:
            yield import_module(module.name)


def _definitions() -> Iterator[MetricDefinition]:
    for family in FAMILIES:
        for module in family_modules(family):
            yield from getattr(module, "DEFINITIONS", ())


BUILT_IN = {metric.name: metric for metric in sorted(_definitions(), key=lambda metric: (metric.order, metric.name))}
"""The metrics of this package by name."""


def built_in(metric: str) -> MetricDefinition:
    """The definition of a metric of this package: what the registry creates."""
    return BUILT_IN[metric]


METRICS: Registry[MetricDefinition] = Registry("metric", "spgbench.metrics", "spgbench ls metrics")
"""All metrics. A plug-in's entry point names a function without arguments that returns a MetricDefinition."""

for _metric in BUILT_IN.values():
    METRICS.add(_metric.name, f"{__name__}:built_in", _metric.summary, metric=_metric.name)


def definition(name: str) -> MetricDefinition:
    """The definition of a metric, from here or from a plug-in.

    Raises UnknownName with suggestions, and UsageError when a plug-in returns something else than its definition.
    """
    found = METRICS.create(name)
    if not isinstance(found, MetricDefinition) or found.name != name:
        raise UsageError(
            f"plug-in metric '{name}'", f"return the MetricDefinition of '{name}'", repr(found), "Mend the plug-in."
        )
    return found


def find_definition(name: str) -> MetricDefinition | None:
    """The same, or None: records may hold metrics of a plug-in that is not installed here."""
    return definition(name) if any(entry.name == name for entry in METRICS) else None


def metric_title(name: str) -> str:
    """What tables call a metric: the title of its definition, or its name where it is not known here."""
    found = find_definition(name)
    return found.title if found else name


def column_order(name: str) -> tuple[int, str]:
    """Sort key of metrics in tables: by the order of their definitions, then by name; unknown ones come last."""
    found = find_definition(name)
    return (found.order if found else MetricDefinition.order, name)


def is_ceiling(name: str) -> bool:
    """Whether a metric is the same number for every model: it bounds another one, or tells what a model ignores."""
    found = find_definition(name)
    return found is not None and (bool(found.ceiling_of) or found.same_for_all)


def ceiling_of(name: str) -> str:
    """The metric that bounds `name`, or nothing."""
    found = find_definition(name)
    companions = map(find_definition, found.beside if found else ())
    return next((other.name for other in companions if other and other.ceiling_of == name), "")


def signature(name: str, region: Region, height: int, width: int) -> str:
    """The signature of `name` in one region for pictures of one size.

    For example `psnr|region:hole|range:255|agg:image-mean|cap:100|composite:yes|v1`. Raises UnknownName, and UsageError
    for a region where the metric is not defined.
    """
    return definition(name).signature(region, height, width)


def signatures(name: str, height: int, width: int) -> dict[Region, str]:
    """The signatures of `name` in all its regions; raises UnknownName."""
    metric = definition(name)
    return {region: metric.signature(region, height, width) for region in metric.regions}


def with_companions(names: Iterable[str]) -> tuple[str, ...]:
    """The metrics of those names, each followed by those that are always taken with it; raises UnknownName."""
    every = ((name, *definition(name).beside) for name in names)
    return tuple(dict.fromkeys(name for group in every for name in group))


def class_keys(classes: Sequence[str]) -> tuple[str, ...]:
    """Names of classes as the third part of `metric.region.class`: without dots and blanks, each one once."""
    keys: list[str] = []
    for name in classes:
        key = "-".join(name.replace(".", " ").split()) or "class"
        keys.append(key if key not in keys else f"{key}-{len(keys)}")
    return tuple(keys)


def measure(view: BatchView, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """All values of a batch: `{"psnr.full": float64 [N], "psnr.hole": ..., ...}` on the pictures' device.

    Metrics by class also give `{"label-miou.hole.road": ..., ...}`. Metrics of sets of pictures are none of a batch.

    NaN means undefined (the region has no pixel, or the pictures are too small for the metric), `inf` is the PSNR of
    equal pixels. Raises UnknownName, and DataError for a picture that a metric cannot take.
    """
    return {f"{name}.{region}": values for name in names for region, values in _measure(view, definition(name)).items()}


def _measure(view: BatchView, metric: MetricDefinition) -> Mapping[str, torch.Tensor]:
    try:
        return metric.load()(view)
    except TooSmall:
        return dict.fromkeys(metric.regions, view.reference[:, 0, 0, 0].double() * math.nan)
