"""The mask generator of CoModGAN, and of MAT, which took it over with fewer shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.brush import add_stroke, stroke_vertices
from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream
from bench.masks.sketch import Sketch

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["CoModGan"]


@dataclass
class CoModGan(DrawnProtocol):
    """Boxes below half the side, boxes below the side, and brush strokes; drawn again when empty or full.

    Args:
        canvas: shorter side in pixels that the parameters are for.
        small_boxes, large_boxes, strokes: there are 0 to one less than this many of each.

    Source: CoModGAN (Zhao et al., ICLR 2021), `training/mask_generator.py`; MAT (Li et al., CVPR 2022),
    `datasets/mask_generator_*.py`. The strokes have 4 to 17 steps and are 12 to 47 wide at either canvas.
    """

    canvas: int
    small_boxes: int
    large_boxes: int
    strokes: int

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """Draw until something is missing and something is not."""
        return self.redraw(
            lambda: self._attempt(stream, Sketch(height, width, self.canvas)),
            lambda hole: 0 < int(np.count_nonzero(hole)) < hole.size,
        )

    def _attempt(self, stream: RandomStream, sketch: Sketch) -> Hole:
        for _ in range(stream.integer(0, self.small_boxes - 1)):
            _add_box(stream, sketch, sketch.height // 2, sketch.width // 2)
        for _ in range(stream.integer(0, self.large_boxes - 1)):
            _add_box(stream, sketch, sketch.height, sketch.width)
        self._add_strokes(stream, sketch)
        return sketch.hole()

    def _add_strokes(self, stream: RandomStream, sketch: Sketch) -> None:
        flip_x, flip_y = stream.chance(0.5), stream.chance(0.5)  # all strokes together; the boxes stay
        for _ in range(stream.integer(0, self.strokes - 1)):
            corners = stroke_vertices(stream, sketch.height, sketch.width, (4, 17))
            if flip_x:
                corners = [(sketch.width - 1 - x, y) for x, y in corners]
            if flip_y:
                corners = [(x, sketch.height - 1 - y) for x, y in corners]
            add_stroke(sketch, corners, int(stream.uniform(12.0, 48.0)))


def _add_box(stream: RandomStream, sketch: Sketch, below_height: int, below_width: int) -> None:
    """One box, smaller than the bounds; up to half of it may lie outside."""
    width, height = stream.integer(0, below_width - 1), stream.integer(0, below_height - 1)
    half_width, half_height = width // 2, height // 2
    left = stream.integer(-half_width, sketch.width - width + half_width - 1)
    top = stream.integer(-half_height, sketch.height - height + half_height - 1)
    sketch.box(left, top, width, height)
