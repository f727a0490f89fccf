"""PSNR of a set of pictures: squared errors of all of them in one mean, as torchmetrics takes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import DataError
from bench.metrics.pixel.backends.errors import errors_of_view

if TYPE_CHECKING:
    from bench.metrics.definition import Features
    from bench.metrics.view import BatchView

__all__ = ["psnr_of_set", "squared_errors"]


def squared_errors(view: BatchView) -> tuple[torch.Tensor, torch.Tensor]:
    """What the metric is taken of, float32 [N, 1] each: how many values a picture has, and its squared errors' sum."""
    errors = errors_of_view(view, view.composited)
    values, squared = 3 * errors.pixels[:, :1], errors.squared[:, :1]
    return values.float().cpu(), squared.float().cpu()


def psnr_of_set(values: Features, squared: Features) -> tuple[float, None]:
    """10 log10(255² / MSE), the MSE over all values of all pictures, in dB.

    Raises:
        DataError: all pictures are exact, so that the value is infinite.
    """
    mse = float(np.sum(squared, dtype=np.float64) / np.sum(values, dtype=np.float64))
    if not mse:
        fix = "Read how many pictures are exact beside psnr."
        raise DataError(
            "PSNR of all pictures", "be of a picture that is not exact", "exact pictures only: infinity", fix
        )
    return 10 * math.log10(255**2 / mse), None
