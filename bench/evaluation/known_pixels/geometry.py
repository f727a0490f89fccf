"""Movements of a prediction that bring its known pixels onto those given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from bench.evaluation.known_pixels.sample import KnownSample, explains

if TYPE_CHECKING:
    from bench.evaluation.known_pixels.sample import Planes
    from bench.vocabulary import Hole

__all__ = ["explain_by_geometry", "has_another_hole"]

Places: TypeAlias = npt.NDArray[np.intp]  # [M, K]

_PIXELS = 384
_FEWEST = 64
_SHARP, _BLUR = (1, 1), (5, 5)
_NEAR_SHIFT, _FAR_SHIFT = 4, 16
_FAR_FROM = 12.0
"""Mean difference, of 255, from which large shifts and other crops are tried, which takes some milliseconds."""
_ZOOMS = tuple(zoom for part in (0.5, 9 / 16, 0.625, 2 / 3, 0.75, 0.8, 0.875, 0.9) for zoom in (part, 1 / part))

_CHANGED = 16
_REACH = 33


def explain_by_geometry(pixels: KnownSample) -> str:
    """How the prediction was turned, moved or resized, or nothing."""
    before = pixels.error
    for text, turned in _turned(pixels.raw):
        if turned.shape == pixels.given.shape:
            found = turned[:, pixels.rows, pixels.columns].astype(np.float32)
            if explains(before, float(np.abs(found - pixels.expected).mean())):
                return f"{text}. Write it as it was given."
    return _moved(pixels)


def has_another_hole(raw: Planes, given: Planes, hole: Hole) -> bool:
    """Whether most known pixels are kept exactly, and those that are not lie mostly away from the hole."""
    difference = cv2.absdiff(raw, given).max(axis=0)
    known = ~hole
    changed = (difference > _CHANGED) & known
    count = np.count_nonzero(changed)
    if np.count_nonzero((difference == 0) & known) < known.sum() / 2 or count < known.sum() / 100:
        return False
    near = cv2.dilate(hole.astype(np.uint8), np.ones((_REACH, _REACH), np.uint8)).astype(np.bool_)
    return 2 * int(np.count_nonzero(changed & ~near)) >= int(count)


def _turned(raw: Planes) -> Iterator[tuple[str, Planes]]:
    yield "the picture is flipped left to right", raw[:, :, ::-1]
    yield "the picture is flipped upside down", raw[:, ::-1]
    yield "the picture is turned by 180 degrees", raw[:, ::-1, ::-1]
    transposed = raw.swapaxes(1, 2)
    yield "rows and columns of the picture are swapped", transposed
    yield "the picture is turned by 90 degrees", transposed[:, ::-1]
    yield "the picture is turned by 90 degrees", transposed[:, :, ::-1]
    yield "rows and columns of the picture are swapped", transposed[:, ::-1, ::-1]


def _moved(pixels: KnownSample) -> str:
    step = max(1, len(pixels.rows) // _PIXELS)
    rows, columns = pixels.rows[::step], pixels.columns[::step]
    for blur in (_SHARP, _BLUR):  # sharp edges tell a shift of a pixel, blurred ones forgive another resampling
        raw, given = (cv2.blur(picture[1], blur).astype(np.float32) for picture in (pixels.raw, pixels.given))
        expected = given[rows, columns]
        before = float(np.abs(raw[rows, columns] - expected).mean())
        far = blur == _BLUR and pixels.error > _FAR_FROM
        for text, moved_rows, moved_columns in _movements(rows, columns, raw.shape, far):
            if explains(before, float(_errors(raw, moved_rows, moved_columns, expected).min())):
                return text
    return ""


def _movements(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], size: tuple[int, ...], far: bool
) -> Iterator[tuple[str, Places, Places]]:
    """Sets of movements of one kind: where each pixel would lie in the prediction, [M, K]."""
    shifted = "the picture is shifted. Crop and pad it as it was given."
    reach = _FAR_SHIFT if far else _NEAR_SHIFT
    steps = np.arange(-reach, reach + 1)
    down, right = (each.reshape(-1, 1) for each in np.meshgrid(steps, steps, indexing="ij"))
    yield shifted, rows + down, columns + right
    if far:
        still = np.zeros((1, 1), np.intp)
        yield shifted, rows + still, columns + np.arange(-size[1] // 2, size[1] // 2)[:, None]
        yield shifted, rows + np.arange(-size[0] // 2, size[0] // 2)[:, None], columns + still
        zooms = np.array(_ZOOMS)[:, None]
        tall = np.rint((rows + 0.5 - size[0] / 2) * zooms + size[0] / 2 - 0.5).astype(np.intp)
        wide = np.rint((columns + 0.5 - size[1] / 2) * zooms + size[1] / 2 - 0.5).astype(np.intp)
        resized = "the picture was resized from another crop. Crop the largest centred part, then resize it."
        same_rows, same_columns = (np.broadcast_to(each, tall.shape) for each in (rows, columns))
        yield resized, tall, wide
        yield resized, tall, same_columns
        yield resized, same_rows, wide


def _errors(
    plane: npt.NDArray[np.float32], rows: Places, columns: Places, expected: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Mean absolute difference of each movement over the pixels that it leaves inside the picture, [M]."""
    height, width = plane.shape
    rows, columns = np.broadcast_arrays(rows, columns)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = plane[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    count = inside.sum(axis=1)
    total = (np.abs(found - expected) * inside).sum(axis=1)
    enough = count >= max(_FEWEST, expected.size // 4)
    errors: npt.NDArray[np.float64] = np.where(enough, total / np.maximum(count, 1), np.inf)
    return errors
