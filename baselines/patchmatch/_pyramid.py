"""The picture at halved sizes, each level normalised by what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Level", "double", "pyramid"]

TEXTURE_WINDOW = 9
"""Pixels, odd: the side of the window that the texture channel is averaged over."""

TEXTURE_GAIN = 3
"""How much the texture channel counts: without it smooth patches spread, with too much of it fills are noisy."""


@dataclass(frozen=True)
class Level:
    """One size of the picture.

    Attributes:
        image: uint8 [H, W, 4], RGB and texture; what the hole holds is the present estimate.
        hole: bool [H, W], True = missing.
    """

    image: npt.NDArray[np.uint8]
    hole: npt.NDArray[np.bool_]


def pyramid(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_]) -> list[Level]:
    """Levels from the full size down to the first without a hole; holes are filled smoothly from the level below.

    A pixel is known as soon as one of the four that it stands for is: a hole shrinks by less than a pixel a side and
    level, and one that is thinner than two pixels is gone at the first.

    Args:
        image: uint8 [H, W, 3], 0 in the hole.
        hole: bool [H, W], True = missing.
    """
    levels = [Level(np.dstack([image, _texture(image, ~hole)]), hole)]
    while levels[-1].hole.any():
        levels.append(_halve(levels[-1]))
    for fine, coarse in zip(levels[-2::-1], levels[:0:-1], strict=True):
        double(coarse, fine)
    return levels


def double(coarse: Level, fine: Level) -> None:
    """Fill the hole of the finer level from the coarser by linear interpolation, in place."""
    height, width = fine.hole.shape
    wide = _double_rows(coarse.image.astype(np.int64))
    wide = _double_rows(wide.swapaxes(0, 1)).swapaxes(0, 1)[:height, :width]
    fine.image[fine.hole] = (wide[fine.hole] + 8) // 16


def _double_rows(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Twice as many rows, four times the values."""
    above = np.concatenate([values[:1], values[:-1]])
    below = np.concatenate([values[1:], values[-1:]])
    return np.stack([3 * values + above, 3 * values + below], axis=1).reshape(-1, *values.shape[1:])


def _halve(level: Level) -> Level:
    height, width = level.hole.shape
    border = ((1, 1 + height % 2), (1, 1 + width % 2))
    known = np.pad(~level.hole, border).astype(np.int64)
    weight = _halve_rows(_halve_rows(known).T).T[..., None]
    colour = known[..., None] * np.pad(level.image, (*border, (0, 0)))
    total = _halve_rows(_halve_rows(colour).swapaxes(0, 1)).swapaxes(0, 1)
    image = (total + weight // 2) // np.maximum(weight, 1)
    inner = known[1:-1, 1:-1] > 0
    half_known = inner[::2, ::2] | inner[1::2, ::2] | inner[::2, 1::2] | inner[1::2, 1::2]
    return Level(image.astype(np.uint8), ~half_known)


def _halve_rows(padded: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Binomial filter 1 3 3 1 of every second row; a row of padding above and below, eight times the values."""
    return padded[:-3:2] + 3 * (padded[1:-2:2] + padded[2:-1:2]) + padded[3::2]


def _texture(image: npt.NDArray[np.uint8], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Mean absolute difference of neighbouring known pixels around every pixel, uint8 [H, W]; 0 where none is near."""
    luminance = image.sum(axis=2, dtype=np.int64)
    change = np.zeros(known.shape, np.int64)
    pairs = np.zeros(known.shape, np.int64)
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = known[here] & known[there]
        change[here] += np.abs(luminance[here] - luminance[there]) * both
        pairs[here] += both
    energy = TEXTURE_GAIN * _window_sum(change) // np.maximum(3 * _window_sum(pairs), 1)
    return np.minimum(energy, 255).astype(np.uint8)


def _window_sum(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    side, half = TEXTURE_WINDOW, TEXTURE_WINDOW // 2
    total: npt.NDArray[np.int64] = np.pad(values, ((half + 1, half), (half + 1, half))).cumsum(axis=0).cumsum(axis=1)
    return total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
