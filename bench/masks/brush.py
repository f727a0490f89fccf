"""The angular brush stroke that DeepFill v2 introduced and CoModGAN and MAT took over."""

from __future__ import annotations

import math
from itertools import pairwise

from bench.masks.random_stream import RandomStream
from bench.masks.sketch import Sketch

__all__ = ["add_stroke", "stroke_vertices"]

_MEAN_ANGLE = 2.0 * math.pi / 5.0
_ANGLE_RANGE = 2.0 * math.pi / 15.0

Vertex = tuple[int, int]


def stroke_vertices(stream: RandomStream, height: int, width: int, vertices: tuple[int, int]) -> list[Vertex]:
    """The (x, y) corners of one stroke, a zigzag that folds back at nearly the same angle.

    Args:
        stream: the draw's random numbers.
        height, width: of the sheet, in units.
        vertices: smallest and largest number of steps, both included.

    Source: DeepFill v2 (Yu et al., ICCV 2019), `inpaint_ops.py`: steps of length N(L/8, floor(L/8 / 2)) clipped to
    0..L/4 with L the diagonal; the direction is U for odd steps and 2 pi - U for even ones, U uniform around 2 pi / 5
    by at most 2 pi / 15, its bounds drawn once a stroke. Places are cut to whole units and kept on the sheet.
    """
    mean_step = math.hypot(height, width) / 8.0
    steps = stream.integer(*vertices)
    low = _MEAN_ANGLE - stream.uniform(0.0, _ANGLE_RANGE)
    high = _MEAN_ANGLE + stream.uniform(0.0, _ANGLE_RANGE)
    corners = [(stream.integer(0, width - 1), stream.integer(0, height - 1))]
    for step in range(steps):
        angle = stream.uniform(low, high)
        if step % 2 == 0:
            angle = 2.0 * math.pi - angle
        length = min(max(stream.normal(mean_step, mean_step // 2), 0.0), 2.0 * mean_step)
        x, y = corners[-1]
        corners.append((_onto(x + length * math.cos(angle), width), _onto(y + length * math.sin(angle), height)))
    return corners


def add_stroke(sketch: Sketch, corners: list[Vertex], thickness: int) -> None:
    """Lines from corner to corner, with round joints."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        sketch.line(x0, y0, x1, y1, thickness)


def _onto(place: float, size: int) -> int:
    return int(min(max(place, 0.0), float(size)))
