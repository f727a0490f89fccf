"""Contours of all classes of a label map: pixels, in the order in which they are read, class by class.

A pixel can lie on the contours of several classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.metrics.segmentation.backends.arguments import Codes, Mask
from bench.runtime.numba import compiled

__all__ = ["Contours", "crossings", "surfaces", "within"]

Integers: TypeAlias = npt.NDArray[np.int64]


class Contours(NamedTuple):
    """The contours of all classes of one label map [H, W].

    Attributes:
        places: int64, row * W + column of every contour pixel, ascending within each class.
        bounds: int64 [num_classes + 1], class c has `places[bounds[c]:bounds[c + 1]]`.
    """

    places: Integers
    bounds: Integers


def surfaces(codes: Codes, num_classes: int) -> Contours:
    """Pixels of each class that have a 4-neighbour outside it: the mask minus its erosion by a cross.

    As in MONAI and MedPy (`binary_erosion` of SciPy), the image border bounds a class. IGNORED neighbours do not.

    Args:
        codes: int16 [H, W].
        num_classes: codes from here on have no contour.
    """
    return _contours(_find_surfaces, codes, num_classes, 1)


def crossings(codes: Codes, num_classes: int) -> Contours:
    """Pixels where a class begins or ends on the way to the neighbour in the east, south or south-east.

    The boundary map of the Berkeley and DAVIS benchmarks (`seg2bmap`), half a pixel towards the origin from the actual
    boundary. The image border is no boundary, nor is the border of IGNORED pixels.

    Args:
        codes: int16 [H, W].
        num_classes: codes from here on have no contour.
    """
    return _contours(_find_crossings, codes, num_classes, 4)


def within(contours: Contours, region: Mask) -> Contours:
    """The part of the contours that lies in a region, bool [H, W]."""
    keep = region.reshape(-1)[contours.places]
    return Contours(contours.places[keep], np.concatenate(([0], np.cumsum(keep)))[contours.bounds])


def _contours(
    find: Callable[[Codes, int, Codes, Integers], int], codes: Codes, num_classes: int, most: int
) -> Contours:
    """Sort what `find` finds, at most `most` classes a pixel, by class."""
    classes, places = np.empty(most * codes.size, np.int16), np.empty(most * codes.size, np.int64)
    found = find(codes, num_classes, classes, places)
    counts = np.bincount(classes[:found], minlength=num_classes)
    bounds = np.concatenate(([0], np.cumsum(counts)))
    grouped = np.empty(found, np.int64)
    _group(classes[:found], places[:found], bounds[:-1].copy(), grouped)
    return Contours(grouped, bounds)


@compiled
def _group(classes: Codes, places: Integers, free: Integers, grouped: Integers) -> None:
    """Put each place at the next free index of its class."""
    for index in range(len(classes)):
        grouped[free[classes[index]]] = places[index]
        free[classes[index]] += 1


@compiled
def _find_surfaces(codes: Codes, num_classes: int, classes: Codes, places: Integers) -> int:
    height, width = codes.shape
    found = 0
    for row in range(height):
        for column in range(width):
            code = codes[row, column]
            if code < 0 or code >= num_classes:
                continue
            if (
                _ends_at(codes, row - 1, column, code)
                or _ends_at(codes, row + 1, column, code)
                or _ends_at(codes, row, column - 1, code)
                or _ends_at(codes, row, column + 1, code)
            ):
                classes[found], places[found] = code, row * width + column
                found += 1
    return found


@compiled
def _ends_at(codes: Codes, row: int, column: int, code: int) -> bool:
    height, width = codes.shape
    if row < 0 or row >= height or column < 0 or column >= width:
        return True
    other = codes[row, column]
    return bool(other >= 0 and other != code)


@compiled
def _find_crossings(codes: Codes, num_classes: int, classes: Codes, places: Integers) -> int:
    height, width = codes.shape
    found = 0
    for row in range(height):
        for column in range(width):
            code = int(codes[row, column])
            if code < 0:
                continue
            east = _neighbour(codes, row, column + 1, code)
            south = _neighbour(codes, row + 1, column, code)
            corner = _neighbour(codes, row + 1, column + 1, code)
            if east == code and south == code and corner == code:
                continue
            place = row * width + column
            found = _add(classes, places, found, code, num_classes, place)
            if east != code:
                found = _add(classes, places, found, east, num_classes, place)
            if south not in (code, east):
                found = _add(classes, places, found, south, num_classes, place)
            if corner not in (code, east, south):
                found = _add(classes, places, found, corner, num_classes, place)
    return found


@compiled
def _neighbour(codes: Codes, row: int, column: int, code: int) -> int:
    """The code of a neighbour; `code` itself where that is outside the image or ignored."""
    if row >= codes.shape[0] or column >= codes.shape[1] or codes[row, column] < 0:
        return code
    return int(codes[row, column])


@compiled
def _add(classes: Codes, places: Integers, found: int, code: int, num_classes: int, place: int) -> int:
    if code >= num_classes:
        return found
    classes[found], places[found] = code, place
    return found + 1
