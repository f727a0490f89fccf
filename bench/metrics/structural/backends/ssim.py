"""SSIM over regions.

Both ways to compute it (Numba on CPU, torch elsewhere) sum the dissimilarity 1 - SSIM, which is exactly 0 wherever the
window is equal in both pictures: such pixels need no work, and equal pictures score exactly 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bench.errors import TooSmall
from bench.metrics.arguments import check_pair, region_or_all
from bench.metrics.structural.backends.window import WINDOW
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["mean_similarity", "similarity", "ssim_by_region"]


def similarity(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None) -> torch.Tensor:
    """See `bench.metrics.ssim`."""
    check_pair(reference, completed)
    return mean_similarity(reference, completed, [region_or_all(region, reference)])[:, 0]


def ssim_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """SSIM in every region, float64 [N] each; raises TooSmall for pictures smaller than the window."""
    return view.by_region(lambda seen: mean_similarity(seen.reference, seen.picture, seen.masks))


def mean_similarity(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """SSIM of two uint8 [N, 3, H, W] pictures over each of R regions, bool [N, 1, H, W]: float64 [N, R]."""
    _check_size(reference)
    if reference.device.type == "cpu":
        from bench.metrics.structural.backends.ssim_cpu import dissimilarity_sums
    else:
        from bench.metrics.structural.backends.ssim_torch import dissimilarity_sums
    sums, windows = dissimilarity_sums(reference, picture, regions)
    pairs = zip(sums.flatten().tolist(), windows.flatten().tolist(), strict=True)
    values = [1 - total / count if count else math.nan for total, count in pairs]
    return torch.tensor(values, dtype=torch.float64, device=reference.device).reshape(sums.shape)


def _check_size(picture: torch.Tensor) -> None:
    height, width = picture.shape[2:]
    if min(height, width) < WINDOW:
        found = f"{height}x{width}"
        raise TooSmall("picture for ssim", f"be at least {WINDOW}x{WINDOW} pixels", found, "Leave ssim out.")
