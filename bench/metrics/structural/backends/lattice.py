"""Lattice: exact integer sums of the groups, so that values do not depend on threads or devices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.seam.backends.rim import Image, Mask, score_each
from bench.metrics.structural.lattice import LATTICE_PERIOD
from bench.runtime.numba import compiled
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["lattice_of_view", "lattices"]

Residual: TypeAlias = npt.NDArray[np.int32]  # [3, H, W]

_SMALLEST_HOLE = 2 * LATTICE_PERIOD**2
_ROUNDING = 0.25


def lattice_of_view(view: BatchView) -> dict[Region, torch.Tensor]:
    """Lattice of the completed pictures, float64 [N], in dB."""
    return {"hole": lattices(view.reference, view.completed, view.hole)}


def lattices(reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor | None) -> torch.Tensor:
    """See `bench.metrics.lattice`."""
    return score_each(_difference, reference, completed, hole, LATTICE_PERIOD)


def _difference(reference: Image, completed: Image, hole: Mask, period: int) -> float:
    if np.count_nonzero(hole) < _SMALLEST_HOLE or min(hole.shape) <= period // 2:
        return math.nan
    filled = np.where(hole, completed, reference)
    return _ratio(filled, hole, period) - _ratio(reference, hole, period)


def _ratio(picture: Image, hole: Mask, period: int) -> float:
    """Energy of the period over that of its neighbours, in dB."""
    residual = _highpass(picture, period)
    scale = (2 * period) ** 4  # of the squares of the residual
    below, at, above = (_energy(residual, hole, p) / scale for p in (period - 1, period, period + 1))
    return 10 * math.log10((at + _ROUNDING) / ((below + above) / 2 + _ROUNDING))


def _highpass(picture: Image, period: int) -> Residual:
    """The picture minus its mean over squares of `period` pixels, times (2 period)^2: exact."""
    half = period // 2
    sums = np.pad(picture.astype(np.int32), ((0, 0), (half, half), (half, half)), mode="reflect")
    for axis in (1, 2):
        sums = _box(sums, period, axis)
    residual: Residual = picture.astype(np.int32) * (2 * period) ** 2 - sums
    return residual


def _box(values: Residual, period: int, axis: int) -> Residual:
    """Sums over period + 1 neighbours along an axis, the outer two once and the others twice."""
    total = np.cumsum(values, axis=axis, dtype=np.int32)
    total = np.concatenate([np.zeros_like(np.take(total, [0], axis)), total], axis=axis)
    side = values.shape[axis]

    def part(first: int, last: int) -> Residual:
        found: Residual = np.take(total, range(first, last), axis)
        return found

    inner = part(period, side) - part(0, side - period)  # `period` neighbours, from the first
    outer = part(period + 1, side + 1) - part(1, side - period + 1)  # from the second
    return inner + outer


@compiled
def _energy(residual: Residual, hole: Mask, period: int) -> float:
    """Mean over the groups of the squared sum divided by the number of pixels, added over the channels."""
    channels, height, width = residual.shape
    sums = np.zeros((channels, period, period), np.int64)
    counts = np.zeros((period, period), np.int64)
    for row in range(height):
        v, u = row % period, 0
        for column in range(width):
            if hole[row, column]:
                counts[v, u] += 1
                for channel in range(channels):
                    sums[channel, v, u] += residual[channel, row, column]
            u = u + 1 if u + 1 < period else 0
    energy, groups = 0.0, 0
    for v in range(period):
        for u in range(period):
            if counts[v, u]:
                groups += 1
                for channel in range(channels):
                    energy += float(sums[channel, v, u]) ** 2 / counts[v, u]
    return energy / groups
