"""Holes that depend on the size alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Fixed", "WholePicture"]


@dataclass
class Fixed(DrawnProtocol):
    """The same hole for every sample.

    Args:
        shape: which one, a key of the table below.
    """

    shape: str

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:  # noqa: ARG002
        """The hole; the stream is not used."""
        return _SHAPES[self.shape](height, width)


class WholePicture(DrawnProtocol):
    """All pixels: predictions are compared as they are, without a hole."""

    covers_all = True

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:  # noqa: ARG002
        """Every pixel is missing."""
        return np.ones((height, width), np.bool_)


def _center(height: int, width: int) -> Hole:
    hole = np.zeros((height, width), np.bool_)
    top, left = height // 4, width // 4
    hole[top : top + height // 2, left : left + width // 2] = True
    return hole


def _half_left(height: int, width: int) -> Hole:
    hole = np.zeros((height, width), np.bool_)
    hole[:, : width // 2] = True
    return hole


def _half_right(height: int, width: int) -> Hole:
    return ~_half_left(height, width)


def _every_second_line(height: int, width: int) -> Hole:
    hole = np.zeros((height, width), np.bool_)
    hole[::2] = True
    return hole


def _super_resolve(height: int, width: int) -> Hole:
    hole = np.ones((height, width), np.bool_)
    hole[1::2, 1::2] = False
    return hole


def _expand(height: int, width: int) -> Hole:
    return _all_but(height, width, (height - height // 4) // 2, (width - width // 4) // 2, height // 4, width // 4)


def _outpaint(height: int, width: int) -> Hole:
    rows, columns = int(0.25 * height / 2), int(0.25 * width / 2)
    return _all_but(height, width, rows, columns, height - 2 * rows, width - 2 * columns)


def _all_but(height: int, width: int, top: int, left: int, known_height: int, known_width: int) -> Hole:
    hole = np.ones((height, width), np.bool_)
    hole[top : top + known_height, left : left + known_width] = False
    return hole


_SHAPES: dict[str, Callable[[int, int], Hole]] = {
    "center": _center,
    "half-left": _half_left,
    "half-right": _half_right,
    "every-second-line": _every_second_line,
    "super-resolve": _super_resolve,
    "expand": _expand,
    "outpaint": _outpaint,
}
