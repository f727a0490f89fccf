"""Shapes in the pixels of the resolution that a protocol was published for, painted at any other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.raster import paint_capsules

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Sketch"]

_SMALLEST_RADIUS = (
    math.sqrt(0.5) + 1e-9
)  # half a pixel's diagonal: a thinner stroke could slip between the pixel centres


class Sketch:
    """A sheet whose shorter side is `canvas` units; all shapes are in units and scale with the picture.

    At a picture whose shorter side is `canvas` pixels a unit is a pixel, and integer coordinates are pixel centres.

    Args:
        height, width: of the picture, in pixels.
        canvas: shorter side of the sheet, in units.

    Attributes:
        height, width: of the sheet, in units, rounded.
    """

    def __init__(self, height: int, width: int, canvas: int) -> None:
        self._size = (height, width)
        self._scale = min(height, width) / canvas  # pixels a unit
        self.height, self.width = round(height / self._scale), round(width / self._scale)
        self._capsules: list[tuple[float, float, float, float, float]] = []
        self._boxes: list[tuple[int, int, int, int]] = []

    def line(self, x0: float, y0: float, x1: float, y1: float, thickness: float) -> None:
        """A stroke with round ends."""
        self._capsules.append((x0, y0, x1, y1, thickness / 2.0))

    def disc(self, x: float, y: float, radius: float) -> None:
        """A filled disc."""
        self._capsules.append((x, y, x, y, radius))

    def box(self, left: int, top: int, width: int, height: int) -> None:
        """A filled rectangle; what lies outside the sheet is cut off."""
        self._boxes.append((left, top, width, height))

    def extend(self, other: Sketch) -> None:
        """Take over all shapes of a sketch of the same size."""
        self._capsules += other._capsules
        self._boxes += other._boxes

    def hole(self, thicken: float = 1.0) -> Hole:
        """bool [H, W] at the picture's size, True where any shape is; all radii are taken `thicken` times."""
        hole = np.zeros(self._size, np.bool_)
        for left, top, width, height in self._boxes:
            hole[self._pixels(top, height), self._pixels(left, width)] = True
        if self._capsules:
            capsules = np.array(self._capsules, np.float64)  # [N, 5]
            capsules[:, :4] = (capsules[:, :4] + 0.5) * self._scale - 0.5
            capsules[:, 4] = np.maximum(capsules[:, 4] * (self._scale * thicken), _SMALLEST_RADIUS)
            paint_capsules(hole, capsules)
        return hole

    def _pixels(self, start: int, length: int) -> slice:
        """The pixels whose centre lies within `length` units from `start`."""
        begin, end = (math.ceil(edge * self._scale - 0.5) for edge in (start, start + length))
        return slice(max(begin, 0), max(end, 0))
