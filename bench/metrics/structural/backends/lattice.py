"""Lattice: exact integer sums of the groups, so that values do not depend on threads or devices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.arguments import check_pair, check_region
from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["lattice_of_view", "lattices"]

Image: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]
Mask: TypeAlias = npt.NDArray[np.bool_]  # [H, W]
Levels: TypeAlias = npt.NDArray[np.uint8]  # [H, W, 3]
Residual: TypeAlias = npt.NDArray[np.int32]  # [H, W, 3]

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
    rows, columns = (_reach(np.asarray(hole.any(axis=axis)), period // 2) for axis in (1, 0))
    holes, truth = hole[rows, columns], np.ascontiguousarray(reference[:, rows, columns].transpose(1, 2, 0))
    filled = np.where(holes[..., None], completed[:, rows, columns].transpose(1, 2, 0), truth)
    return _ratio(filled, holes, period) - _ratio(truth, holes, period)


def _reach(missing: npt.NDArray[np.bool_], margin: int) -> slice:
    """The rows or columns with a pixel of the hole, and as many around them as squares of the mean reach."""
    found = np.flatnonzero(missing)
    return slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin)


def _ratio(picture: Levels, hole: Mask, period: int) -> float:
    """Energy of the period over that of its neighbours, in dB."""
    residual = _highpass(picture, period)
    scale = (2 * period) ** 4  # of the squares of the residual
    below, at, above = (_energy(residual, hole, p) / scale for p in (period - 1, period, period + 1))
    return 10 * math.log10((at + _ROUNDING) / ((below + above) / 2 + _ROUNDING))


def _highpass(picture: Levels, period: int) -> Residual:
    """The picture minus its mean over squares of `period` pixels, times (2 period)^2: integers, exact in float32."""
    taps = np.array([1, *[2] * (period - 1), 1], np.float32)
    values = picture.astype(np.float32)
    sums = cv2.sepFilter2D(values, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REFLECT_101)
    residual: Residual = (values * np.float32(4 * period**2) - sums).astype(np.int32)
    return residual


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
