"""PSNR and L1 from exact integer sums of pixel differences, which both share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bench.metrics.arguments import check_pair, region_or_all
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView, PictureView

__all__ = ["PixelErrors", "errors_of", "errors_of_view", "l1_by_region", "pixel_errors", "psnr_by_region"]

_CHANNELS = 3
_PEAK = 255


@dataclass(frozen=True)
class PixelErrors:
    """Sums over regions and channels, int64 [N, R]: exact, so no order or number of threads can change them.

    Attributes:
        squared: of squared differences.
        absolute: of absolute differences.
        pixels: pixels in the region.
    """

    squared: torch.Tensor
    absolute: torch.Tensor
    pixels: torch.Tensor

    def psnr(self) -> torch.Tensor:
        """Float64 [N, R] in dB."""
        return _each(_decibels, self.squared, self.pixels)

    def l1(self) -> torch.Tensor:
        """Float64 [N, R] in %."""
        return _each(_percent, self.absolute, self.pixels)


def pixel_errors(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> PixelErrors:
    """Sum the differences of two uint8 [N, 3, H, W] pictures over each of R regions, bool [N, 1, H, W]."""
    if reference.device.type == "cpu":
        from bench.metrics.pixel.backends.errors_cpu import pixel_sums
    else:
        from bench.metrics.pixel.backends.errors_torch import pixel_sums
    return PixelErrors(*pixel_sums(reference, picture, regions))


def errors_of(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None) -> PixelErrors:
    """The same over one region, or over all pixels; raises DataError for arguments that are not what they must be."""
    check_pair(reference, completed)
    return pixel_errors(reference, completed, [region_or_all(region, reference)])


def errors_of_view(view: BatchView, seen: PictureView) -> PixelErrors:
    """The sums of one picture of a batch in its regions, taken once for all metrics."""
    return view.once(("pixel errors", seen.regions), lambda: pixel_errors(seen.reference, seen.picture, seen.masks))


def psnr_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """PSNR in every region, float64 [N] each, in dB."""
    return view.by_region(lambda seen: errors_of_view(view, seen).psnr())


def l1_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """L1 in every region, float64 [N] each, in %."""
    return view.by_region(lambda seen: errors_of_view(view, seen).l1())


def _each(value: Callable[[int, int], float], sums: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """`value` of every (sum, pixels) in Python floats: torch's vectorised log10 rounds by position in the batch."""
    pairs = zip(sums.flatten().tolist(), pixels.flatten().tolist(), strict=True)
    values = [value(total, count) for total, count in pairs]
    return torch.tensor(values, dtype=torch.float64, device=sums.device).reshape(sums.shape)


def _decibels(squared: int, pixels: int) -> float:
    if pixels == 0:
        return math.nan
    return 10 * math.log10(_PEAK**2 * _CHANNELS * pixels / squared) if squared else math.inf


def _percent(absolute: int, pixels: int) -> float:
    return 100 * absolute / (_PEAK * _CHANNELS * pixels) if pixels else math.nan
