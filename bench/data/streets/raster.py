"""Which subsamples a polygon covers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Point2

__all__ = ["Window", "covered", "upright", "window"]

Window = tuple[int, int, int, int]  # first row, end row, first column, end column


def window(points: Sequence[Point2], rows: int, columns: int) -> Window | None:
    """The subsamples whose centres lie in the bounding box of `points` and on the canvas; None when there are none.

    Args:
        points: (x, y) in subsamples; the centre of column i is i + 0.5.
        rows: of the canvas.
        columns: of the canvas.
    """
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if not points or max(xs) < 0 or max(ys) < 0 or min(xs) > columns or min(ys) > rows:
        return None
    top, bottom = max(math.ceil(min(ys) - 0.5), 0), min(math.ceil(max(ys) - 0.5), rows)
    left, right = max(math.ceil(min(xs) - 0.5), 0), min(math.ceil(max(xs) - 0.5), columns)
    return (top, bottom, left, right) if bottom > top and right > left else None


def upright(points: Sequence[Point2]) -> bool:
    """Whether the polygon is a rectangle along the axes, which covers its whole window."""
    if len(points) != 4:
        return False
    (xa, ya), (xb, yb), (xc, yc), (xd, yd) = points
    return (xa == xd and xb == xc and ya == yb and yc == yd) or (xa == xb and xc == xd and ya == yd and yb == yc)


def covered(points: Sequence[Point2], box: Window) -> npt.NDArray[np.bool_]:
    """Even-odd rule at the subsamples' centres: bool [rows, columns] of `box`.

    A centre that lies on an edge, as far as float64 can tell, belongs to the side right of or below it, so polygons
    that share an edge neither overlap nor leave a gap.

    Args:
        points: (x, y) in subsamples, any simple or self-crossing polygon.
        box: where to look.
    """
    top, bottom, left, right = box
    y = np.arange(top, bottom, dtype=np.float64) + 0.5
    x = np.arange(left, right, dtype=np.float64) + 0.5
    corners = np.array([*points, points[0]], np.float64)
    x0, y0, x1, y1 = corners[:-1, 0, None], corners[:-1, 1, None], corners[1:, 0, None], corners[1:, 1, None]
    crossed = (y0 <= y) != (y1 <= y)
    slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    crossings = np.where(crossed, x0 + (y - y0) * slope, np.inf)
    crossings.sort(axis=0)
    mask: npt.NDArray[np.bool_] = (x >= crossings[0, :, None]) & (x < crossings[1, :, None])
    for first in range(2, int(np.count_nonzero(crossed, axis=0).max()), 2):
        mask |= (x >= crossings[first, :, None]) & (x < crossings[first + 1, :, None])
    return mask
