"""Gradient error: means of exact integer sums over pairs of neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bench.metrics.arguments import check_pair, region_or_all
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["gradient_by_region", "gradient_errors"]

_CHANNELS = 3
_PEAK = 255


def gradient_errors(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None) -> torch.Tensor:
    """See `bench.metrics.gradient`."""
    check_pair(reference, completed)
    return _means(reference, completed, [region_or_all(region, reference)])[0]


def gradient_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """Gradient error in regions hole and boundary, float64 [N] each, in %."""
    regions: tuple[Region, ...] = ("hole", "boundary")
    means = _means(view.reference, view.completed, [view.hole, view.boundary])
    return dict(zip(regions, means, strict=True))


def _means(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """For each region float64 [N]: exact sums, divided in Python floats."""
    if reference.device.type == "cpu":
        from bench.metrics.pixel.backends.gradient_cpu import gradient_sums
    else:
        from bench.metrics.pixel.backends.gradient_torch import gradient_sums
    sums, pairs = gradient_sums(reference, picture, regions).tolist()
    return [
        torch.tensor(list(map(_percent, *columns)), dtype=torch.float64, device=reference.device)
        for columns in zip(zip(*sums, strict=True), zip(*pairs, strict=True), strict=True)
    ]


def _percent(total: int, pairs: int) -> float:
    return 100 * total / (_PEAK * _CHANNELS * pairs) if pairs else math.nan
