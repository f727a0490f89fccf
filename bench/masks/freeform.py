"""The free-form training mask of DeepFill v2, with its box and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.masks.brush import add_stroke, stroke_vertices
from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream
from bench.masks.sketch import Sketch

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["FreeForm"]

_CANVAS = 256
_BOX, _MAX_DELTA = 128, 32


@dataclass
class FreeForm(DrawnProtocol):
    """1 to 3 brush strokes of 4 to 11 steps, 12 to 39 wide; with a box of 128 less 0 to 16 on each side.

    Args:
        box: whether the box is drawn too, as in training.

    Source: DeepFill v2 (Yu et al., ICCV 2019), `inpaint_ops.py`, at 256x256.
    """

    box: bool

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """Strokes, or strokes and box."""
        sketch = Sketch(height, width, _CANVAS)
        for _ in range(stream.integer(1, 3)):
            corners = stroke_vertices(stream, sketch.height, sketch.width, (4, 11))
            add_stroke(sketch, corners, int(stream.uniform(12.0, 40.0)))
        if self.box:
            _add_box(stream, sketch)
        return sketch.hole()


def _add_box(stream: RandomStream, sketch: Sketch) -> None:
    top = stream.integer(0, sketch.height - _BOX - 1)  # the original leaves the last row and column out, too
    left = stream.integer(0, sketch.width - _BOX - 1)
    shrink_y, shrink_x = stream.integer(0, _MAX_DELTA // 2), stream.integer(0, _MAX_DELTA // 2)
    sketch.box(left + shrink_x, top + shrink_y, _BOX - 2 * shrink_x, _BOX - 2 * shrink_y)
