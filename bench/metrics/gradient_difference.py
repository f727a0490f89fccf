"""How sharp edges are where they should be: differences between neighbouring pixels, compared with the truth's.

The image gradient difference of Mathieu, Couprie and LeCun (ICLR 2016, "Deep multi-scale video prediction beyond mean
square error", equation 6, alpha = 1), as a mean. Reference: the formula in NumPy int64; held to 1e-12 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bench.metrics.arguments import check_pair, region_or_all
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison

__all__ = ["gradient", "gradient_by_region"]

_CHANNELS = 3
_PEAK = 255


def gradient(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None = None) -> torch.Tensor:
    """Mean absolute difference of the absolute gradients of each image in % of the range, 0 to 100.

    A gradient is the absolute difference of two pixels side by side, or one above the other, in one RGB channel. It
    counts where either pixel lies in the region, so that the seam around a hole belongs to the hole.

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W].
        region: bool [N, 1, H, W], the pixels that count; all of them by default.

    Returns:
        float64 [N] on the pictures' device: NaN where the region has no pixel with a neighbour.

    Raises:
        DataError: an argument is not what it must be.
    """
    check_pair(reference, completed)
    return _means(reference, completed, [region_or_all(region, reference)])[0]


def gradient_by_region(comparison: Comparison) -> dict[Region, torch.Tensor]:
    """Gradient error in regions hole and boundary, float64 [N] each, in %."""
    regions: tuple[Region, ...] = ("hole", "boundary")
    means = _means(comparison.reference, comparison.completed, [comparison.hole, comparison.boundary])
    return dict(zip(regions, means, strict=True))


def _means(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """For each region float64 [N]: exact sums, divided in Python floats."""
    if reference.device.type == "cpu":
        from bench.metrics.gradient_cpu import gradient_sums
    else:
        from bench.metrics.gradient_torch import gradient_sums
    sums, pairs = gradient_sums(reference, picture, regions).tolist()
    return [
        torch.tensor(list(map(_percent, *columns)), dtype=torch.float64, device=reference.device)
        for columns in zip(zip(*sums, strict=True), zip(*pairs, strict=True), strict=True)
    ]


def _percent(total: int, pairs: int) -> float:
    return 100 * total / (_PEAK * _CHANNELS * pairs) if pairs else math.nan
