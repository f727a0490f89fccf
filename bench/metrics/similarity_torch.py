"""SSIM in torch, for devices other than the CPU: the definition of similarity_cpu on whole maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from bench.metrics.similarity_window import REACH, STABILISER_CONTRAST, STABILISER_LUMINANCE, TAPS

__all__ = ["dissimilarity_sums"]


def dissimilarity_sums(
    reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum 1 - SSIM over channels and over the valid pixels of each region.

    Args:
        reference: uint8 [N, 3, H, W], at least 11 x 11.
        picture: uint8 [N, 3, H, W].
        regions: bool [N, 1, H, W] each, R of them.

    Returns:
        float64 [N, R], and the number of windows summed, int64 [N, R].
    """
    dissimilarity = _dissimilarity(reference.double(), picture.double()).sum(dim=1, keepdim=True)
    valid = torch.cat(list(regions), dim=1)[:, :, REACH:-REACH, REACH:-REACH]
    return (dissimilarity * valid).sum(dim=(2, 3)), reference.shape[1] * valid.sum(dim=(2, 3))


def _dissimilarity(reference: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """1 - SSIM, float64 [N, 3, H - 10, W - 10]."""
    total, difference = reference + picture - 255, reference - picture
    maps = torch.stack([total, difference, total.square(), difference.square()])  # [4, N, 3, H, W]
    mean_total, mean_difference, square_total, square_difference = _smooth(_smooth(maps, -2), -1)
    a, b = (mean_total + 255).square(), mean_difference.square()
    variance_total = square_total - mean_total.square()
    variance_difference = square_difference - b
    c1, c2 = 2 * STABILISER_LUMINANCE, 2 * STABILISER_CONTRAST
    upper = (a - b + c1) * (variance_total - variance_difference + c2)
    lower = (a + b + c1) * (variance_total + variance_difference + c2)
    dissimilarity: torch.Tensor = (lower - upper) / lower
    return dissimilarity


def _smooth(maps: torch.Tensor, axis: int) -> torch.Tensor:
    size = maps.shape[axis] - 2 * REACH
    smooth = TAPS[0] * maps.narrow(axis, REACH, size)
    for offset in range(1, REACH + 1):
        pair = maps.narrow(axis, REACH - offset, size) + maps.narrow(axis, REACH + offset, size)
        smooth += TAPS[offset] * pair
    return smooth
