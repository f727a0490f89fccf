"""What several distortions need: random numbers of pixels, displaced pictures, patches, colours in CIELAB."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from bench.errors import NotApplicable
from bench.masks.random_stream import RandomStream

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = [
    "DIRECTIONS",
    "add_lab",
    "clearest_patch",
    "displaced",
    "growing_part",
    "mirrored",
    "normals",
    "rounded",
    "short_side",
]

Floats = npt.NDArray[np.float64]

DIRECTIONS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""Pixels down and to the right."""


def normals(stream: RandomStream, shape: tuple[int, ...]) -> Floats:
    """Independent standard normal numbers (Box and Muller 1958), float64, from raw words of Philox alone."""
    count = math.prod(shape)
    key = np.array([stream.word(), stream.word()], dtype=np.uint64)
    words = np.random.Philox(key=key).random_raw(2 * count)
    uniform = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    radius = np.sqrt(-2.0 * np.log1p(-uniform[:count]))
    return np.asarray((radius * np.cos(2.0 * np.pi * uniform[count:])).reshape(shape))


def rounded(values: Floats) -> Picture:
    """Float levels as uint8: rounded half to even and clipped, as outputs of models are."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def displaced(image: Picture, down: int, right: int) -> Picture:
    """The picture moved by whole pixels; its outermost pixels repeat where nothing is known."""
    height, width = image.shape[:2]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return np.ascontiguousarray(image[rows[:, None], columns[None, :]])


def add_lab(image: Picture, offset: npt.NDArray[np.floating]) -> Picture:
    """The picture with an offset in CIELAB (sRGB, D65), float [3] or [H, W, 3]; colours out of gamut are clipped."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    rgb = cv2.cvtColor((lab + offset).astype(np.float32), cv2.COLOR_Lab2RGB)
    return rounded(255.0 * rgb.astype(np.float64))


def short_side(hole: Hole, share: float, least: int) -> int:
    """A length in pixels that is a share of the picture's shorter side."""
    height, width = hole.shape
    return max(least, round(share * min(int(height), int(width))))


def growing_part(hole: Hole, share: float, stream: RandomStream, among: Hole | None = None) -> Hole:
    """Part of the hole, around a random pixel of it: a larger share holds a smaller one of the same stream.

    Args:
        hole: bool [H, W].
        share: of the hole's pixels, 0 to 1.
        stream: picks the pixel that the part grows around.
        among: the pixels that can be in it, bool [H, W]; None: all of the hole.

    Raises:
        NotApplicable: too few pixels can be in it.
    """
    rows, columns = np.nonzero(hole if among is None else hole & among)
    count = round(share * int(hole.sum()))
    if count > len(rows):
        raise NotApplicable("too little of the hole can be distorted")
    part = np.zeros_like(hole)
    if count:
        middle = stream.integer(0, len(rows) - 1)
        distance = (rows - rows[middle]) ** 2 + (columns - columns[middle]) ** 2
        nearest = np.argsort(distance, kind="stable")[:count]
        part[rows[nearest], columns[nearest]] = True
    return part


def clearest_patch(wanted: Hole, side: int, stream: RandomStream) -> tuple[int, int, float]:
    """The square with the largest share of wanted pixels, a random one of those that are as good.

    Args:
        wanted: bool [H, W].
        side: of the square, in pixels.
        stream: picks among equals.

    Returns:
        Top and left of the square, and the share of its pixels that are wanted.
    """
    sums = np.pad(wanted.astype(np.int64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    tops, lefts = np.nonzero(inside == inside.max())
    chosen = stream.integer(0, len(tops) - 1)
    return int(tops[chosen]), int(lefts[chosen]), float(inside.max()) / side**2


def mirrored(image: Picture, unknown: Hole) -> Picture:
    """The picture whose unknown pixels show what lies as far beyond the nearest known pixel, as in a mirror."""
    if not unknown.any():
        return image
    _, (rows, columns) = ndimage.distance_transform_edt(unknown, return_indices=True)
    height, width = unknown.shape
    own_rows, own_columns = np.indices(unknown.shape)
    far_rows = np.clip(2 * rows - own_rows, 0, height - 1)
    far_columns = np.clip(2 * columns - own_columns, 0, width - 1)
    known = ~unknown[far_rows, far_columns]
    return np.ascontiguousarray(image[np.where(known, far_rows, rows), np.where(known, far_columns, columns)])
