"""Stripes: exact integer sums of the segments, so that values do not depend on threads or devices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.metrics.arguments import check_pair, check_region
from bench.metrics.structural.backends.highpass import Image, Levels, Mask, Residual, around_hole, highpass
from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["stripe_ratios", "stripes_of_view"]

_ROUNDING = 0.25


def stripes_of_view(view: BatchView, length: int) -> dict[Region, torch.Tensor]:
    """Stripes of the completed pictures, float64 [N], in dB."""
    return {"hole": stripe_ratios(length, view.reference, view.completed, view.hole)}


def stripe_ratios(
    length: int, reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor | None
) -> torch.Tensor:
    """See `bench.metrics.stripes`."""
    check_pair(reference, completed)
    check_region("hole", hole, reference)
    x, y, holes = (as_array(tensor.cpu()) for tensor in (reference, completed, hole) if tensor is not None)
    values = np.empty(len(x))

    def score_image(image: int) -> None:
        values[image] = _difference(x[image], y[image], holes[image, 0], length)

    for_each(score_image, range(len(x)))
    return torch.from_numpy(values).to(reference.device)


def _difference(reference: Image, completed: Image, hole: Mask, length: int) -> float:
    if not hole.any() or min(hole.shape) <= length // 2:
        return math.nan
    truth, filled, holes = around_hole(reference, completed, hole, length)
    return _ratio(filled, holes, length) - _ratio(truth, holes, length)


def _ratio(picture: Levels, hole: Mask, length: int) -> float:
    """Energy of segments over that of their pixels, in dB; NaN where the segments have too few pixels."""
    residual = highpass(picture, length)
    along_rows = _sums(residual, hole, length)
    along_columns = _sums(residual.transpose(1, 0, 2), hole.T, length)
    energy, segments, squares, pixels = (a + b for a, b in zip(along_rows, along_columns, strict=True))
    if pixels < 4 * length**2:  # each pixel counts along its row and along its column
        return math.nan
    scale = (2 * length) ** 4  # of the squares of the residual
    return 10 * math.log10((energy / segments / scale + _ROUNDING) / (squares / pixels / scale + _ROUNDING))


@compiled
def _sums(residual: Residual, hole: Mask, length: int) -> tuple[float, int, float, int]:
    """Energy and number of the segments of the rows, squares and number of their pixels.

    The segments begin at the first column of the cut picture, in the fill and in the truth.
    """
    height, width, _ = residual.shape
    energy, segments, squares, pixels = 0.0, 0, 0.0, 0
    for row in range(height):
        for first in range(0, width, length):
            count, total, square = 0, np.zeros(3, np.int64), 0.0
            for column in range(first, min(first + length, width)):
                if hole[row, column]:
                    count += 1
                    for channel in range(3):
                        value = np.int64(residual[row, column, channel])
                        total[channel] += value
                        square += float(value) ** 2
            if 2 * count >= length:
                segments += 1
                pixels += count
                squares += square
                for channel in range(3):
                    energy += float(total[channel]) ** 2 / count
    return energy, segments, squares, pixels
