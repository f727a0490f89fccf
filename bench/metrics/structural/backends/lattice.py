"""Lattice: exact integer sums of the groups, so that values do not depend on threads or devices."""

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

__all__ = ["lattice_of_view", "lattices"]

_ROUNDING = 0.25


def lattice_of_view(view: BatchView, period: int) -> dict[Region, torch.Tensor]:
    """Lattice of the completed pictures, float64 [N], in dB."""
    return {"hole": lattices(period, view.reference, view.completed, view.hole)}


def lattices(period: int, reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor | None) -> torch.Tensor:
    """See `bench.metrics.lattice`."""
    check_pair(reference, completed)
    check_region("hole", hole, reference)
    x, y, holes = (as_array(tensor.cpu()) for tensor in (reference, completed, hole) if tensor is not None)
    values = np.empty(len(x))

    def score_image(image: int) -> None:
        values[image] = _difference(x[image], y[image], holes[image, 0], period)

    for_each(score_image, range(len(x)))
    return torch.from_numpy(values).to(reference.device)


def _difference(reference: Image, completed: Image, hole: Mask, period: int) -> float:
    if np.count_nonzero(hole) < 2 * period**2 or min(hole.shape) <= period // 2:
        return math.nan
    truth, filled, holes = around_hole(reference, completed, hole, period)
    return _ratio(filled, holes, period) - _ratio(truth, holes, period)


def _ratio(picture: Levels, hole: Mask, period: int) -> float:
    """Energy of the period over that of its neighbours, in dB."""
    residual = highpass(picture, period)
    scale = (2 * period) ** 4  # of the squares of the residual
    below, at, above = (_energy(residual, hole, p) / scale for p in (period - 1, period, period + 1))
    return 10 * math.log10((at + _ROUNDING) / ((below + above) / 2 + _ROUNDING))


@compiled
def _energy(residual: Residual, hole: Mask, period: int) -> float:
    """Mean over the groups of the squared sum divided by the number of pixels, added over the channels.

    Where the groups begin does not matter: they are the same from any pixel on.
    """
    height, width, _ = residual.shape
    sums = np.zeros((period, period, 3), np.int64)
    counts = np.zeros((period, period), np.int64)
    for row in range(height):
        v, u = row % period, 0
        for column in range(width):
            if hole[row, column]:
                counts[v, u] += 1
                sums[v, u, 0] += residual[row, column, 0]
                sums[v, u, 1] += residual[row, column, 1]
                sums[v, u, 2] += residual[row, column, 2]
            u = u + 1 if u + 1 < period else 0
    energy, groups = 0.0, 0
    for v in range(period):
        for u in range(period):
            if counts[v, u]:
                groups += 1
                for channel in range(3):
                    energy += float(sums[v, u, channel]) ** 2 / counts[v, u]
    return energy / groups
