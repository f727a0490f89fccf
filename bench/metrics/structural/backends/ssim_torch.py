"""SSIM in torch, for devices other than the CPU: the definition of ssim_cpu on whole maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from bench.metrics.structural.backends.window import REACH, STABILISER_CONTRAST, STABILISER_LUMINANCE, TAPS

__all__ = ["contrast_dissimilarity", "dissimilarity", "dissimilarity_sums"]


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
    values = dissimilarity(reference.double(), picture.double()).sum(dim=1, keepdim=True)
    valid = torch.cat(list(regions), dim=1)[:, :, REACH:-REACH, REACH:-REACH]
    return (values * valid).sum(dim=(2, 3)), reference.shape[1] * valid.sum(dim=(2, 3))


def dissimilarity(reference: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """1 - SSIM of two float64 [N, 3, H, W] pictures: [N, 3, H - 10, W - 10]."""
    a, b, variance_total, variance_difference = _moments(reference, picture)
    c1, c2 = 2 * STABILISER_LUMINANCE, 2 * STABILISER_CONTRAST
    upper = (a - b + c1) * (variance_total - variance_difference + c2)
    lower = (a + b + c1) * (variance_total + variance_difference + c2)
    return (lower - upper) / lower


def contrast_dissimilarity(reference: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """1 - cs, where SSIM is luminance times cs, of two float64 [N, 3, H, W] pictures: [N, 3, H - 10, W - 10]."""
    _, _, variance_total, variance_difference = _moments(reference, picture)
    return 2 * variance_difference / (variance_total + variance_difference + 2 * STABILISER_CONTRAST)


def _moments(reference: torch.Tensor, picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Squared means, then variances, of the pictures' sum and of their difference."""
    total, difference = reference + picture - 255, reference - picture
    maps = torch.stack([total, difference, total.square(), difference.square()])  # [4, N, 3, H, W]
    mean_total, mean_difference, square_total, square_difference = _smooth(_smooth(maps, -2), -1)
    b = mean_difference.square()
    return (mean_total + 255).square(), b, square_total - mean_total.square(), square_difference - b


def _smooth(maps: torch.Tensor, axis: int) -> torch.Tensor:
    size = maps.shape[axis] - 2 * REACH
    smooth = TAPS[0] * maps.narrow(axis, REACH, size)
    for offset in range(1, REACH + 1):
        pair = maps.narrow(axis, REACH - offset, size) + maps.narrow(axis, REACH + offset, size)
        smooth += TAPS[offset] * pair
    return smooth
