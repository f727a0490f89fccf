"""LaMa's thin, medium and thick masks."""

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

__all__ = ["Lama"]

_LARGEST_SHARE = 0.5
_BOX_PROBABILITY = 0.3 / 1.3  # irregular_proba 1 and box_proba 0.3, normalised


@dataclass
class Lama(DrawnProtocol):
    """Random polylines, or (thick and medium, in 3 of 13 draws) boxes; drawn again while more than half is missing.

    Args:
        canvas: shorter side in pixels that the parameters are for.
        times: smallest and largest number of polylines; one more than `max_times` is possible, as in the original.
        max_length: segments are 10 to 9 + max_length long.
        max_width: segments are 5 to 4 + max_width thick, each its own.
        box_margin: distance of boxes from the border.
        box_size: smallest and largest side of a box.
        box_times: smallest and largest number of boxes; None where the protocol draws no boxes.

    Source: LaMa (Suvorov et al., WACV 2022), `configs/data_gen/random_*.yaml` and
    `saicinpainting/training/data/masks.py`.
    """

    canvas: int
    times: tuple[int, int]
    max_length: int
    max_width: int
    box_margin: int = 0
    box_size: tuple[int, int] = (0, 0)
    box_times: tuple[int, int] | None = None

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """Draw until at most half is missing."""
        return self.redraw(
            lambda: self._attempt(stream, Sketch(height, width, self.canvas)),
            lambda hole: int(np.count_nonzero(hole)) <= _LARGEST_SHARE * hole.size,
        )

    def _attempt(self, stream: RandomStream, sketch: Sketch) -> Hole:
        if self.box_times is not None and stream.chance(_BOX_PROBABILITY):
            for _ in range(stream.integer(*self.box_times)):
                self._add_box(stream, sketch)
        else:
            for stroke in range(stream.integer(self.times[0], self.times[1] + 1)):
                self._add_polyline(stream, sketch, mirrored=stroke % 2 == 0)
        return sketch.hole()

    def _add_polyline(self, stream: RandomStream, sketch: Sketch, *, mirrored: bool) -> None:
        x, y = stream.integer(0, sketch.width - 1), stream.integer(0, sketch.height - 1)
        for _ in range(stream.integer(1, 5)):
            angle = 0.01 + stream.integer(0, 3)  # radians: the original draws whole numbers
            length = 10 + stream.integer(0, self.max_length - 1)
            thickness = _opencv_thickness(5 + stream.integer(0, self.max_width - 1))
            sine = -math.sin(angle) if mirrored else math.sin(angle)
            end_x = min(max(int(x + length * sine), 0), sketch.width)
            end_y = min(max(int(y + length * math.cos(angle)), 0), sketch.height)
            sketch.line(x, y, end_x, end_y, thickness)
            x, y = end_x, end_y

    def _add_box(self, stream: RandomStream, sketch: Sketch) -> None:
        width, height = stream.integer(*self.box_size), stream.integer(*self.box_size)
        left = stream.integer(self.box_margin, sketch.width - self.box_margin - width)
        top = stream.integer(self.box_margin, sketch.height - self.box_margin - height)
        sketch.box(left, top, width, height)


def _opencv_thickness(thickness: int) -> int:
    """What OpenCV's `line` paints for a thickness: ceil(thickness / 2) pixels on either side of the middle one."""
    return 2 * -(-thickness // 2) + 1
