"""MS-SSIM (Wang, Simoncelli, Bovik, 2003, "Multiscale structural similarity for image quality assessment").

Reference: contrast and SSIM maps of torchmetrics on every channel and scale, over the valid area, multiplied as in the
paper; held to 1e-9. That is also what pytorch-msssim computes for sides that are multiples of 16. The class
`MultiScaleStructuralSimilarityIndexMeasure` of torchmetrics pools the channels before it multiplies, and counts
reflected borders in the coarsest scale.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from bench.errors import DataError
from bench.metrics.arguments import check_pair
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison

__all__ = ["SMALLEST_SIDE", "WEIGHTS", "ms_ssim", "ms_ssim_by_region"]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the scales, the finest first (the paper's table)."""

SMALLEST_SIDE = 161
"""Pixels that a picture must have so that an 11x11 window still fits after four halvings."""


def ms_ssim(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    """Multi-scale structural similarity of each image: five scales, 11x11 window of sigma 1.5, mean over RGB.

    For each channel, the product over scales of the mean contrast term (at the coarsest scale: of the mean SSIM) to the
    power of the scale's weight; a negative mean counts as 0. A picture is halved by means over 2x2 pixels, after a side
    of odd length was extended by its last row or column. There is no region: a hole has no halves of its own.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads;
    on other devices it agrees within 1e-9.

    Args:
        reference: uint8 [N, 3, H, W], the truth, at least 161 pixels high and wide.
        completed: uint8 [N, 3, H, W].

    Returns:
        float64 [N] on the pictures' device, 0 to 1; exactly 1 for equal pictures.

    Raises:
        DataError: an argument is not what it must be, or the pictures are too small for five scales.
    """
    check_pair(reference, completed)
    _check_size(reference)
    if reference.device.type == "cpu":
        from bench.metrics.multiscale_cpu import scale_losses
    else:
        from bench.metrics.multiscale_torch import scale_losses
    losses = scale_losses(reference, completed, len(WEIGHTS)).tolist()
    values = [math.fsum(map(_product, channels)) / len(channels) for channels in losses]
    return torch.tensor(values, dtype=torch.float64, device=reference.device)


def ms_ssim_by_region(comparison: Comparison) -> dict[Region, torch.Tensor]:
    """MS-SSIM of the composited pictures, float64 [N]; raises DataError for pictures too small for five scales."""
    return {"full": ms_ssim(comparison.reference, comparison.completed)}


def _product(losses: list[float]) -> float:
    return math.prod(math.pow(max(1 - loss, 0), weight) for loss, weight in zip(losses, WEIGHTS, strict=True))


def _check_size(picture: torch.Tensor) -> None:
    height, width = picture.shape[2:]
    if min(height, width) < SMALLEST_SIDE:
        must = f"be at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels"
        raise DataError("picture for ms-ssim", must, f"{height}x{width}", "Leave ms-ssim out, or give larger pictures.")
