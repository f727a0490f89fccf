"""Outlines in metres or picture coordinates; circles without trigonometry, so that they are exact everywhere."""

from __future__ import annotations

import math
from functools import cache

from bench.data.streets.camera import Point2

__all__ = ["ellipse", "limb", "norm", "rectangle", "ring"]


@cache
def _circle(quarter: int) -> tuple[Point2, ...]:
    """Points of the unit circle, `quarter` in each quadrant, from the rational parametrisation."""
    half = [k / quarter for k in range(quarter)]
    arc = [((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)) for t in half]
    points = list(arc)
    for _ in range(3):
        arc = [(-y, x) for x, y in arc]
        points += arc
    return tuple(points)


def ellipse(x: float, y: float, a: float, b: float | None = None, quarter: int = 5) -> list[Point2]:
    """An ellipse around (x, y) with half axes a and b (a circle when None)."""
    b = a if b is None else b
    return [(x + a * cx, y + b * cy) for cx, cy in _circle(quarter)]


def ring(x: float, y: float, outer: float, inner: float) -> list[Point2]:
    """A ring as one path whose bridge is walked twice, for the even-odd rule."""
    rim, hole = ellipse(x, y, outer, quarter=6), ellipse(x, y, inner, quarter=6)
    return [*rim, rim[0], *hole, hole[0]]


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point2]:
    """Between two corners."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def norm(dx: float, dy: float) -> float:
    """Length of a vector, by operations that IEEE 754 rounds exactly."""
    return math.sqrt(dx * dx + dy * dy)


def limb(start: Point2, end: Point2, wide: float, narrow: float) -> list[Point2]:
    """A tapering bar with half widths `wide` at the start and `narrow` at the end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = norm(dx, dy) or 1.0
    nx, ny = -dy / length, dx / length
    return [
        (start[0] + nx * wide, start[1] + ny * wide),
        (end[0] + nx * narrow, end[1] + ny * narrow),
        (end[0] - nx * narrow, end[1] - ny * narrow),
        (start[0] - nx * wide, start[1] - ny * wide),
    ]
