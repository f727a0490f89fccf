"""What things are called in tables, plots and grids, and in which order they stand."""

from __future__ import annotations

from collections import Counter

import bench.metrics
from bench.records import CellKey, Run
from bench.vocabulary import REGIONS

__all__ = [
    "INFINITE",
    "NOTHING",
    "REGION_ORDER",
    "TIMES",
    "ceiling_of",
    "column_order",
    "dataset_title",
    "is_ceiling",
    "is_oracle",
    "metric_title",
    "model_names",
    "model_sizes",
    "protocol_title",
]

NOTHING = "\N{EN DASH}"
"""In place of a number that is not there."""

INFINITE = "\N{INFINITY}"
TIMES = "\N{MULTIPLICATION SIGN}"

_COST_TITLES = {
    "parameters": "Parameters",
    "multiply-adds": "Multiply-adds",
    "latency": "Latency",
    "throughput": "Throughput",
    "memory": "Memory",
}
"""Of what a model costs; metrics have titles of their own."""

REGION_ORDER = ("hole", "boundary", "full", "known")


def metric_title(key: str) -> str:
    """`psnr.hole` as `PSNR hole`, `latency` as `Latency`."""
    metric, _, region = key.partition(".")
    return f"{_COST_TITLES.get(metric) or bench.metrics.metric_title(metric)} {region}".strip()


def is_ceiling(key: str) -> bool:
    """Whether `metric.region` is what a judge sees in untouched pictures: the same number for every model."""
    return bench.metrics.is_ceiling(key.partition(".")[0])


def ceiling_of(key: str) -> str:
    """`judge-miou.hole` to `judge-miou-ceiling.hole`; nothing for a metric without a ceiling."""
    metric, dot, region = key.partition(".")
    ceiling = bench.metrics.ceiling_of(metric)
    return ceiling and f"{ceiling}{dot}{region}"


def column_order(key: str) -> tuple[tuple[int, str], int]:
    """Sort key of `metric.region`: by metric, then hole, boundary, full, known."""
    metric, _, region = key.partition(".")
    return bench.metrics.column_order(metric), REGION_ORDER.index(region) if region in REGIONS else len(REGION_ORDER)


def model_names(run: Run) -> dict[tuple[str, str], str]:
    """(name, fingerprint) of every model to what it is called, in the order of the run.

    Models that share a name are told apart by the first digits of their fingerprints; a model that is given true labels
    is called an oracle.
    """
    uses = Counter(model.name for model in run.info.models)
    names = {}
    for model in run.info.models:
        twin = f" ({model.fingerprint[:6]})" if uses[model.name] > 1 else ""
        oracle = " (oracle)" if model.is_oracle and "oracle" not in model.name else ""
        names[model.key] = f"{model.name}{twin}{oracle}"
    return names


def model_sizes(run: Run) -> dict[tuple[str, str], tuple[int, int] | None]:
    """(name, fingerprint) of every model to its parameters and its multiply-adds for a picture, or None."""
    sizes = {model.key: model.size for model in run.info.models}
    return {key: (size.parameters, size.multiply_adds) if size else None for key, size in sizes.items()}


def is_oracle(run: Run, key: CellKey) -> bool:
    """Whether the model of a cell is given true labels, inside or outside of the hole."""
    return {model.key: model.is_oracle for model in run.info.models}[key.model, key.fingerprint]


def dataset_title(run: Run) -> str:
    """`streets, test split, 256 x 256, 40 pictures`."""
    dataset = run.info.dataset
    height, _, width = dataset.size.partition("x")
    size = f"{height} {TIMES} {width or height}" if height.isdigit() else f"{height} size"
    return f"{dataset.name}, {dataset.split} split, {size}, {dataset.n} picture{'s' if dataset.n != 1 else ''}"


def protocol_title(protocol: str, hole_share: float | None) -> str:
    """`center-50@1, 25.0 % missing`."""
    return protocol if hole_share is None else f"{protocol}, {100 * hole_share:.1f} % missing"
