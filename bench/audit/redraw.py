"""Fills that nobody prefers to one another: what a metric makes of their differences is its noise.

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

__all__ = ["DRAWS", "NOISE", "redraw_direction", "redrawn"]

NOISE = 2.0
"""Standard deviation of the noise, in levels of 255."""

DRAWS = len(DIRECTIONS)


def redraw_direction(seed: int, sample_id: str, draw: int) -> tuple[int, int]:
    """Pixels down and to the right by which a draw, 0 to 3, moves a picture: each by another direction."""
    first = RandomStream("audit-redraw@1", seed, sample_id).integer(0, len(DIRECTIONS) - 1)
    return DIRECTIONS[(first + draw) % len(DIRECTIONS)]


def redrawn(image: Picture, seed: int, sample_id: str, draw: int) -> Picture:
    """The picture moved by one pixel, with noise; draws 0 to 3 move it in the four directions."""
    moved = displaced(image, *redraw_direction(seed, sample_id, draw))
    noise = normals(RandomStream(f"audit-redraw-noise-{draw}@1", seed, sample_id), image.shape)
    return rounded(moved.astype(np.float64) + NOISE * noise)
