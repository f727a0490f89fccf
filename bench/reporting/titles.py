"""What metrics, data sets and protocols are called in tables, plots and grids, and in which order metrics stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bench.metrics import MetricKey, column_order, metric_title
from bench.records import CellKey, RunInfo
from bench.records.profile import Configuration
from bench.reporting.formatting import TIMES

__all__ = ["among", "dataset_title", "key_order", "key_title", "protocol_title", "resolution_title", "size_title"]

_REGION_ORDER = ("hole", "boundary", "full", "known")


def key_title(key: str) -> str:
    """`psnr.hole` as `PSNR hole`."""
    parsed = MetricKey.parse(key)
    return f"{metric_title(parsed.metric)} {parsed.region}"


def key_order(key: str) -> tuple[int, str, int]:
    """Sort key of `metric.region`: by metric, then hole, boundary, full, known."""
    parsed = MetricKey.parse(key)
    return *column_order(parsed.metric), _REGION_ORDER.index(parsed.region)


def dataset_title(info: RunInfo) -> str:
    """`streets, test split, 256 x 256, 40 pictures`."""
    dataset = info.dataset
    height, _, width = dataset.size.partition("x")
    size = size_title(height, width or height) if height.isdigit() else f"{height} size"
    return f"{dataset.name}, {dataset.split} split, {size}, {dataset.n} picture{'s' if dataset.n != 1 else ''}"


def size_title(height: int | str, width: int | str) -> str:
    """`512 x 1024`, height first."""
    return f"{height} {TIMES} {width}"


def resolution_title(configuration: Configuration) -> str:
    """`512 x 1024`: what a profile's pictures are in size."""
    return size_title(configuration.height, configuration.width)


def protocol_title(protocol: str, hole_share: float | None) -> str:
    """`center-50@1, 25.0 % missing`."""
    return protocol if hole_share is None else f"{protocol}, {100 * hole_share:.1f} % missing"


def among(some: Collection[CellKey], every: Iterable[CellKey], titles: Mapping[CellKey, str]) -> str:
    """Which models and protocols some cells of a table are of: ` (spgnet, under center-50@1)`; of all cells, nothing.

    Args:
        some: the cells.
        every: those of the table.
        titles: what the model of each cell is called.
    """
    every = list(every)
    models, protocols = dict.fromkeys(titles[key] for key in some), dict.fromkeys(key.protocol for key in some)
    parts = (
        ", ".join(models) if len(models) < len({titles[key] for key in every}) else "",
        f"under {', '.join(protocols)}" if len(protocols) < len({key.protocol for key in every}) else "",
    )
    text = ", ".join(filter(None, parts))
    return f" ({text})" if text else ""
