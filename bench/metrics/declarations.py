"""Which metrics there are: the source of `spgbench ls metrics`, of docs/reference/metrics.md and of every signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.errors import UsageError
from bench.metrics.declared_labels import LABEL_METRICS
from bench.metrics.declared_pictures import PICTURE_METRICS
from bench.metrics.declared_sets import FILLS_METRICS, PERCEPTUAL_METRICS, SET_METRICS
from bench.metrics.metric_declaration import MetricDeclaration
from bench.registry import Registry
from bench.vocabulary import Region

__all__ = ["BUILT_IN", "METRICS", "built_in", "class_keys", "declaration", "signature", "signatures", "with_companions"]

BUILT_IN = {
    metric.name: metric
    for metric in (*PICTURE_METRICS, *PERCEPTUAL_METRICS, *FILLS_METRICS, *SET_METRICS, *LABEL_METRICS)
}
"""The metrics of this package by name."""


def built_in(metric: str) -> MetricDeclaration:
    """The declaration of a metric of this package: what the registry creates."""
    return BUILT_IN[metric]


METRICS: Registry[MetricDeclaration] = Registry("metric", "spgbench.metrics")
"""All metrics. A plug-in's entry point names a function without arguments that returns a MetricDeclaration."""

for _metric in BUILT_IN.values():
    METRICS.add(_metric.name, f"{__name__}:built_in", _metric.summary, metric=_metric.name)


def declaration(name: str) -> MetricDeclaration:
    """The declaration of a metric, from here or from a plug-in.

    Raises UnknownName with suggestions, and UsageError when a plug-in returns something else than its declaration.
    """
    found = METRICS.create(name)
    if not isinstance(found, MetricDeclaration) or found.name != name:
        raise UsageError(
            f"plug-in metric '{name}'", f"return the MetricDeclaration of '{name}'", repr(found), "Mend the plug-in."
        )
    return found


def signature(name: str, region: Region, height: int, width: int) -> str:
    """The signature of `name` in one region for pictures of one size.

    For example `psnr|region:hole|range:255|agg:image-mean|composite:yes|v1`. Raises UnknownName, and UsageError for a
    region where the metric is not defined.
    """
    return declaration(name).signature(region, height, width)


def signatures(name: str, height: int, width: int) -> dict[Region, str]:
    """The signatures of `name` in all its regions; raises UnknownName."""
    metric = declaration(name)
    return {region: metric.signature(region, height, width) for region in metric.regions}


def with_companions(names: Iterable[str]) -> tuple[str, ...]:
    """The metrics of those names, each followed by those that are always taken with it; raises UnknownName."""
    every = ((name, *declaration(name).beside) for name in names)
    return tuple(dict.fromkeys(name for group in every for name in group))


def class_keys(classes: Sequence[str]) -> tuple[str, ...]:
    """Names of classes as the third part of `metric.region.class`: without dots and blanks, each one once."""
    keys: list[str] = []
    for name in classes:
        key = "-".join(name.replace(".", " ").split()) or "class"
        keys.append(key if key not in keys else f"{key}-{len(keys)}")
    return tuple(keys)
