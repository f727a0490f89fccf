"""Irregular holes by share, in the bins of the partial-convolution test masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream
from bench.masks.sketch import Sketch

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Irregular"]

_CANVAS = 256
_STEPS = 24
_CLOSE_ENOUGH = 0.002


@dataclass
class Irregular(DrawnProtocol):
    """Wandering strokes, blobs and specks, one by one until enough is missing, then thinned to the wanted share.

    The wanted share is uniform over the bin, and the share that is measured in the end lies in the bin: above
    `low`, at most `high`.

    Args:
        low, high: the bin in percent, open below and closed above.

    Source: the bins of PConv (Liu et al., ECCV 2018). Its 12,000 mask files cannot be regenerated: the shapes are ours.
    """

    low: int
    high: int

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """Draw, thin and measure, until a share lies in the bin."""
        wanted = (self.high - (self.high - self.low) * stream.uniform()) / 100.0
        return self.redraw(
            lambda: _thinned(_sketch(stream, height, width, wanted), wanted),
            lambda hole: self.low * hole.size < 100 * int(np.count_nonzero(hole)) <= self.high * hole.size,
        )


def _share(hole: Hole) -> float:
    return np.count_nonzero(hole) / hole.size


def _thinned(sketch: Sketch, wanted: float) -> Hole:
    """The sketch, of at least the wanted share, with all radii times one factor such that just that share is missing.

    The share grows with the factor: false position, and halving at every third step.
    """
    best = sketch.hole()
    (low, share_low), (high, share_high) = (0.0, 0.0), (1.0, _share(best))
    for step in range(_STEPS):
        part = 0.5 if step % 3 == 2 else (wanted - share_low) / (share_high - share_low)
        factor = low + (high - low) * part
        hole = sketch.hole(thicken=factor)
        share = _share(hole)
        best = min(best, hole, key=lambda found: abs(_share(found) - wanted))
        if abs(share - wanted) <= _CLOSE_ENOUGH:
            break
        if share < wanted:
            low, share_low = factor, share
        else:
            high, share_high = factor, share
    return best


def _sketch(stream: RandomStream, height: int, width: int, wanted: float) -> Sketch:
    """Shapes of one coarseness, until at least the wanted share is missing."""
    coarseness = stream.uniform(0.6 + wanted, 2.2)  # much is missing: seldom in fine lines
    sketch = Sketch(height, width, _CANVAS)
    hole = sketch.hole()
    while _share(hole) < wanted:
        shape = Sketch(height, width, _CANVAS)
        _add_shape(stream, shape, coarseness)
        hole |= shape.hole()
        sketch.extend(shape)
    return sketch


def _add_shape(stream: RandomStream, sketch: Sketch, coarseness: float) -> None:
    kind = stream.uniform()
    if kind < 0.7:
        _add_stroke(stream, sketch, coarseness)
    elif kind < 0.9:
        _add_blob(stream, sketch, coarseness)
    else:
        _add_specks(stream, sketch, coarseness)


def _add_stroke(stream: RandomStream, sketch: Sketch, coarseness: float) -> None:
    """A line that turns a little at every step and swells and thins on its way."""
    x, y = _random_place(stream, sketch)
    heading, turn = stream.uniform(0.0, 2.0 * math.pi), stream.normal(0.0, 0.2)
    thickness = coarseness * stream.uniform(5.0, 18.0)
    for _ in range(stream.integer(5, 16)):
        heading += turn + stream.uniform(-0.7, 0.7)
        step = stream.uniform(6.0, 22.0)
        end_x, end_y = x + step * math.cos(heading), y + step * math.sin(heading)
        sketch.line(x, y, end_x, end_y, thickness)
        thickness = min(max(thickness * stream.uniform(0.75, 1.33), 3.0), coarseness * 24.0)
        x, y = end_x, end_y


def _add_blob(stream: RandomStream, sketch: Sketch, coarseness: float) -> None:
    """Discs thrown around one place."""
    x, y = _random_place(stream, sketch)
    radius = coarseness * stream.uniform(6.0, 14.0)
    for _ in range(stream.integer(5, 12)):
        away = radius * stream.uniform(0.3, 1.2)
        sketch.disc(stream.normal(x, away), stream.normal(y, away), radius * stream.uniform(0.3, 0.9))


def _add_specks(stream: RandomStream, sketch: Sketch, coarseness: float) -> None:
    """A few small discs."""
    for _ in range(stream.integer(2, 8)):
        x, y = _random_place(stream, sketch)
        sketch.disc(x, y, coarseness * stream.uniform(1.0, 3.5))


def _random_place(stream: RandomStream, sketch: Sketch) -> tuple[float, float]:
    return stream.uniform(0.0, sketch.width), stream.uniform(0.0, sketch.height)
