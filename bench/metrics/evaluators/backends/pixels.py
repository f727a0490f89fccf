"""PSNR and mean errors of whole pictures under the rules of other evaluators, from exact integer sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.metrics.evaluators.backends.channels import channels_of
from bench.metrics.pixel.backends.errors import PixelErrors, errors_of_view
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.evaluators.backends.windows import Floats
    from bench.metrics.view import BatchView

__all__ = [
    "grey_psnr_by_region",
    "hole_error_by_region",
    "mean_absolute_by_region",
    "mean_squared_by_region",
    "psnr_by_region",
    "ratio_by_region",
]

_CHANNELS, _PEAK = 3, 255


def psnr_by_region(view: BatchView, *, epsilon: float = 0.0, offset: float = 0.0) -> dict[Region, torch.Tensor]:
    """`offset` - 10 log10(MSE + `epsilon`) of the composited pictures from 0 to 1, float64 [N], in region full."""
    return _full(view, (_decibels(mse + epsilon) + offset for mse in _mean_squares(view)))


def mean_squared_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """Mean squared error on the scale 0 to 1, float64 [N], in region full."""
    return _full(view, _mean_squares(view))


def mean_absolute_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """Mean absolute error on the scale 0 to 1, float64 [N], in region full."""
    errors = _errors(view)
    return _full(view, _means(errors.absolute[:, 0], errors.pixels[:, 0], _PEAK))


def hole_error_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """100 times the mean absolute error over the hole on the scale 0 to 1, float64 [N]; 0 without a hole."""
    errors = _errors(view)
    found = _means(errors.absolute[:, 1], errors.pixels[:, 1].clamp(min=1), _PEAK)
    return {"hole": _full(view, (100 * value for value in found))["full"]}


def grey_psnr_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """PSNR of grey values, float64 [N], in region full."""
    return _full(view, _of_grey(view, lambda x, y: _decibels(float(np.mean((x - y) ** 2)) / _PEAK**2)))


def ratio_by_region(view: BatchView, *, grey: bool = False) -> dict[Region, torch.Tensor]:
    """Sum of |a - b| over the sum of a + b, float64 [N], in region full; NaN where both pictures are black."""
    if grey:
        return _full(view, _of_grey(view, _ratio))
    pairs = zip(view.reference.cpu().numpy(), view.completed.cpu().numpy(), strict=True)
    levels = [int(x.sum(dtype=np.int64)) + int(y.sum(dtype=np.int64)) for x, y in pairs]
    sums = zip(_errors(view).absolute[:, 0].tolist(), levels, strict=True)
    return _full(view, (part / whole if whole else math.nan for part, whole in sums))


def _errors(view: BatchView) -> PixelErrors:
    return errors_of_view(view, view.composited)


def _mean_squares(view: BatchView) -> Iterable[float]:
    errors = _errors(view)
    return _means(errors.squared[:, 0], errors.pixels[:, 0], _PEAK**2)


def _means(sums: torch.Tensor, pixels: torch.Tensor, scale: int) -> Iterable[float]:
    pairs = zip(sums.tolist(), pixels.tolist(), strict=True)
    return (total / (scale * _CHANNELS * count) for total, count in pairs)


def _of_grey(view: BatchView, value: Callable[[Floats, Floats], float]) -> Iterable[float]:
    pairs = zip(view.reference.cpu().numpy(), view.completed.cpu().numpy(), strict=True)
    return (value(channels_of(x, "grey")[0], channels_of(y, "grey")[0]) for x, y in pairs)


def _ratio(x: Floats, y: Floats) -> float:
    total = float((x + y).sum())
    return float(np.abs(x - y).sum()) / total if total else math.nan


def _decibels(mse: float) -> float:
    return -10 * math.log10(mse) if mse else math.inf


def _full(view: BatchView, values: Iterable[float]) -> dict[Region, torch.Tensor]:
    return {"full": torch.tensor(list(values), dtype=torch.float64, device=view.reference.device)}
