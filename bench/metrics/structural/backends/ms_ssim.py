"""MS-SSIM of pictures from the mean losses of every scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from bench.errors import TooSmall
from bench.metrics.arguments import check_pair
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["SMALLEST_SIDE", "WEIGHTS", "ms_ssim_by_region", "multiscale_similarity"]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the scales, the finest first (the paper's table)."""

SMALLEST_SIDE = 161
"""Pixels that a picture must have so that an 11x11 window still fits after four halvings."""


def multiscale_similarity(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    """See `bench.metrics.ms_ssim`."""
    check_pair(reference, completed)
    _check_size(reference)
    if reference.device.type == "cpu":
        from bench.metrics.structural.backends.ms_ssim_cpu import scale_losses
    else:
        from bench.metrics.structural.backends.ms_ssim_torch import scale_losses
    losses = scale_losses(reference, completed, len(WEIGHTS)).tolist()
    values = [math.fsum(map(_product, channels)) / len(channels) for channels in losses]
    return torch.tensor(values, dtype=torch.float64, device=reference.device)


def ms_ssim_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """MS-SSIM of the composited pictures, float64 [N]; raises TooSmall for pictures too small for five scales."""
    return {"full": multiscale_similarity(view.reference, view.completed)}


def _product(losses: list[float]) -> float:
    return math.prod(math.pow(max(1 - loss, 0), weight) for loss, weight in zip(losses, WEIGHTS, strict=True))


def _check_size(picture: torch.Tensor) -> None:
    height, width = picture.shape[2:]
    if min(height, width) < SMALLEST_SIDE:
        must = f"be at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels"
        raise TooSmall("picture for ms-ssim", must, f"{height}x{width}", "Leave ms-ssim out, or give larger pictures.")
