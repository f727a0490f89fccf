"""Two fills that nobody prefers to one another: what a metric makes of their difference is its noise.

The truth is moved by one pixel and given a noise of two levels. No viewer minds, and no model is nearer to the truth.
Distortions are put on top of such a fill: beside the truth itself every error would look large, and the PSNR of the
truth is infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.audit.painting import DIRECTIONS, displaced, normals, rounded
from bench.masks.random_stream import RandomStream

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["NOISE", "redraw_direction", "redrawn"]

NOISE = 2.0
"""Standard deviation of the noise, in levels of 255."""


def redraw_direction(seed: int, sample_id: str, draw: int) -> tuple[int, int]:
    """Pixels down and to the right by which draw 0 or 1 moves a picture; never the same ones for both."""
    stream = RandomStream("audit-redraw@1", seed, sample_id)
    first = stream.integer(0, len(DIRECTIONS) - 1)
    second = (first + stream.integer(1, len(DIRECTIONS) - 1)) % len(DIRECTIONS)
    return DIRECTIONS[(first, second)[draw]]


def redrawn(image: Picture, seed: int, sample_id: str, draw: int) -> Picture:
    """The picture moved by one pixel along a random axis, with noise."""
    moved = displaced(image, *redraw_direction(seed, sample_id, draw))
    noise = normals(RandomStream(f"audit-redraw-noise-{draw}@1", seed, sample_id), image.shape)
    return rounded(moved.astype(np.float64) + NOISE * noise)
