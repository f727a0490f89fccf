"""SSIM (Wang, Bovik, Sheikh, Simoncelli, 2004, IEEE TIP 13(4)) over regions.

Reference: scikit-image `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
data_range=255)`, its map averaged over the valid area; held to 1e-6.

Both ways to compute it (Numba on CPU, torch elsewhere) sum the dissimilarity 1 - SSIM, which is exactly 0 wherever the
window is equal in both pictures: such pixels need no work, and equal pictures score exactly 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bench.errors import DataError
from bench.metrics.arguments import check_pair, region_or_all
from bench.metrics.similarity_window import WINDOW
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison

__all__ = ["ssim", "ssim_by_region"]


def ssim(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None = None) -> torch.Tensor:
    """Structural similarity of each image: Gaussian 11x11 window, sigma 1.5, range 255, mean over RGB.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads
    (`torch.set_num_threads` is obeyed); on other devices it agrees within 1e-9.

    Args:
        reference: uint8 [N, 3, H, W], the truth, at least 11 pixels high and wide.
        completed: uint8 [N, 3, H, W].
        region: bool [N, 1, H, W], the pixels whose windows count; all of them by default. Windows that reach over the
            edge of the picture never count: the region is cropped by 5 pixels on each side.

    Returns:
        float64 [N] on the pictures' device, at most 1: NaN where the region has no pixel in the valid area.

    Raises:
        DataError: an argument is not what it must be.
    """
    check_pair(reference, completed)
    return mean_similarity(reference, completed, [region_or_all(region, reference)])[:, 0]


def ssim_by_region(comparison: Comparison) -> dict[Region, torch.Tensor]:
    """SSIM in every region, float64 [N] each; raises DataError for pictures smaller than the window."""
    return comparison.by_region(lambda view: mean_similarity(comparison.reference, view.picture, view.masks))


def mean_similarity(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """SSIM of two uint8 [N, 3, H, W] pictures over each of R regions, bool [N, 1, H, W]: float64 [N, R]."""
    _check_size(reference)
    if reference.device.type == "cpu":
        from bench.metrics.similarity_cpu import dissimilarity_sums
    else:
        from bench.metrics.similarity_torch import dissimilarity_sums
    sums, windows = dissimilarity_sums(reference, picture, regions)
    pairs = zip(sums.flatten().tolist(), windows.flatten().tolist(), strict=True)
    values = [1 - total / count if count else math.nan for total, count in pairs]
    return torch.tensor(values, dtype=torch.float64, device=reference.device).reshape(sums.shape)


def _check_size(picture: torch.Tensor) -> None:
    height, width = picture.shape[2:]
    if min(height, width) < WINDOW:
        found = f"{height}x{width}"
        raise DataError("picture for ssim", f"be at least {WINDOW}x{WINDOW} pixels", found, "Leave ssim out.")
