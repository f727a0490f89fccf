"""One rectangle at a random place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.masks.protocol import DrawnProtocol
from bench.masks.random_stream import RandomStream

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["HalfSideBlock", "RandomSidesBlock"]


class HalfSideBlock(DrawnProtocol):
    """Half the height and half the width; the place is uniform over all where the block lies inside."""

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """One block."""
        return _block(stream, height, width, height // 2, width // 2)


class RandomSidesBlock(DrawnProtocol):
    """Each side uniform over the whole pixels from 1/8 to 1/2 of the picture's, independently; the place is uniform."""

    def draw(self, stream: RandomStream, height: int, width: int) -> Hole:
        """One block."""
        block_height = stream.integer(-(-height // 8), height // 2)
        block_width = stream.integer(-(-width // 8), width // 2)
        return _block(stream, height, width, block_height, block_width)


def _block(stream: RandomStream, height: int, width: int, block_height: int, block_width: int) -> Hole:
    top = stream.integer(0, height - block_height)
    left = stream.integer(0, width - block_width)
    hole = np.zeros((height, width), np.bool_)
    hole[top : top + block_height, left : left + block_width] = True
    return hole
