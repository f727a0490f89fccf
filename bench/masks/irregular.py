"""Irregular holes by share, in the bins of the partial-convolution test masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.protocol import DrawnProtocol
from bench.masks.sketch import Sketch
from bench.masks.stream import Stream

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Irregular"]

_CANVAS = 256
_BISECTIONS = 24
_CLOSE_ENOUGH = 0.002


@dataclass
class Irregular(DrawnProtocol):
    """Wandering strokes, blobs and specks, thickened until the wanted share is missing.

    The wanted share is uniform over the bin, and the share that is measured in the end lies in the bin: above
    `low`, at most `high`.

    Args:
        low, high: the bin in percent, open below and closed above.

    Source: the bins of PConv (Liu et al., ECCV 2018). Its 12,000 mask files cannot be regenerated: the shapes are ours.
    """

    low: int
    high: int

    def draw(self, stream: Stream, height: int, width: int) -> Hole:
        """Draw, thicken and measure, until a share lies in the bin."""
        wanted = (self.high - (self.high - self.low) * stream.uniform()) / 100.0
        while True:
            hole = _thickened(_sketch(stream, height, width), wanted)
            if self.low * hole.size < 100 * np.count_nonzero(hole) <= self.high * hole.size:
                return hole


def _thickened(sketch: Sketch, wanted: float) -> Hole:
    """The sketch with all radii times one factor, such that nearly the wanted share is missing."""
    low, high = 0.0, 16.0
    best, best_error = sketch.hole(), math.inf
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        hole = sketch.hole(thicken=middle)
        share = np.count_nonzero(hole) / hole.size
        if abs(share - wanted) < best_error:
            best, best_error = hole, abs(share - wanted)
        if best_error <= _CLOSE_ENOUGH:
            break
        low, high = (middle, high) if share < wanted else (low, middle)
    return best


def _sketch(stream: Stream, height: int, width: int) -> Sketch:
    """2 to 7 strokes, up to 3 blobs and up to 12 specks."""
    sketch = Sketch(height, width, _CANVAS)
    for _ in range(stream.integer(2, 7)):
        _add_stroke(stream, sketch)
    for _ in range(stream.integer(0, 3)):
        _add_blob(stream, sketch)
    for _ in range(stream.integer(0, 12)):
        x, y = _anywhere(stream, sketch)
        sketch.disc(x, y, stream.uniform(1.0, 4.0))
    return sketch


def _add_stroke(stream: Stream, sketch: Sketch) -> None:
    """A line that turns a little at every step and swells and thins on its way."""
    x, y = _anywhere(stream, sketch)
    heading, turn = stream.uniform(0.0, 2.0 * math.pi), stream.normal(0.0, 0.15)
    thickness = stream.uniform(4.0, 16.0)
    for _ in range(stream.integer(6, 24)):
        heading += turn + stream.normal(0.0, 0.35)
        step = stream.uniform(6.0, 18.0)
        end_x, end_y = x + step * math.cos(heading), y + step * math.sin(heading)
        sketch.line(x, y, end_x, end_y, thickness)
        thickness = min(max(thickness * stream.uniform(0.75, 1.33), 2.0), 24.0)
        x, y = end_x, end_y


def _add_blob(stream: Stream, sketch: Sketch) -> None:
    """Discs thrown around one place."""
    x, y = _anywhere(stream, sketch)
    radius = stream.uniform(6.0, 16.0)
    for _ in range(stream.integer(4, 9)):
        away = radius * stream.uniform(0.2, 1.0)
        sketch.disc(stream.normal(x, away), stream.normal(y, away), radius * stream.uniform(0.4, 1.0))


def _anywhere(stream: Stream, sketch: Sketch) -> tuple[float, float]:
    return stream.uniform(0.0, sketch.width), stream.uniform(0.0, sketch.height)
