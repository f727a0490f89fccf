"""Painting of shapes, in plain float64 arithmetic: no hole depends on the version of a drawing library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.runtime.numba import compiled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bench.vocabulary import Hole

__all__ = ["paint_capsules"]


@compiled
def paint_capsules(hole: Hole, capsules: npt.NDArray[np.float64]) -> None:
    """Set to True all pixels whose centre lies in a capsule (a segment with round ends, a disc when it has no length).

    Args:
        hole: bool [H, W], changed in place; the pixel in column x and row y has its centre at (x, y).
        capsules: float64 [N, 5] of x0, y0, x1, y1 (the segment's ends) and radius, in pixels.
    """
    height, width = hole.shape
    for n in range(capsules.shape[0]):
        x0, y0, x1, y1, radius = capsules[n]
        first = max(0, math.ceil(min(y0, y1) - radius))
        last = min(height - 1, math.floor(max(y0, y1) + radius))
        for y in range(first, last + 1):
            left, right = _capsule_row(x0, y0, x1, y1, radius, float(y))
            if left <= right:
                begin = max(0, math.ceil(left))
                end = min(width - 1, math.floor(right))
                for x in range(begin, end + 1):
                    hole[y, x] = True


@compiled
def _capsule_row(x0: float, y0: float, x1: float, y1: float, radius: float, y: float) -> tuple[float, float]:
    """The stretch of row y inside a capsule (convex, so one stretch: that of both end discs and the body together)."""
    left, right = math.inf, -math.inf
    for cx, cy in ((x0, y0), (x1, y1)):
        rest = radius * radius - (y - cy) * (y - cy)
        if rest >= 0.0:
            half = math.sqrt(rest)
            left, right = min(left, cx - half), max(right, cx + half)
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if length > 0.0:
        # The body: along = (p - p0).d within 0..length^2, across = (p - p0) x d within +-radius * length.
        along = _solve(dx, (y - y0) * dy, 0.0, length * length)
        across = _solve(dy, -(y - y0) * dx, -radius * length, radius * length)
        begin, end = max(along[0], across[0]) + x0, min(along[1], across[1]) + x0
        if begin <= end:
            left, right = min(left, begin), max(right, end)
    return left, right


@compiled
def _solve(slope: float, offset: float, low: float, high: float) -> tuple[float, float]:
    """The x with low <= slope * x + offset <= high, as a closed interval (empty: inf to -inf)."""
    if slope == 0.0:
        return (-math.inf, math.inf) if low <= offset <= high else (math.inf, -math.inf)
    a, b = (low - offset) / slope, (high - offset) / slope
    return (a, b) if a <= b else (b, a)
