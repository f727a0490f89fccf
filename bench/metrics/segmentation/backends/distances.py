"""Exact squared Euclidean distances from contour pixels to the nearest pixel of the same class in another map.

The first half of a separable distance transform, along rows, is made for the rows that have pixels of the contour. The
second half, across rows, is done for the asking pixels alone, outwards from each, and ends as soon as no farther row
can be nearer: contours are thin and mostly near each other, so that most of a dense transform would never be read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bench.metrics.segmentation.backends.contours import Contours
from bench.runtime.numba import compiled

__all__ = ["FAR", "squared_distances"]

Integers: TypeAlias = npt.NDArray[np.int64]

FAR = 2**62
"""The squared distance to a contour that has no pixel at all, or none near enough."""


def squared_distances(
    contours: Contours, targets: Contours, shape: tuple[int, int], farthest: int = FAR - 1
) -> list[Integers]:
    """For each class, the squared distance from each of its contour pixels to the nearest target of the class, or FAR.

    Args:
        contours: of the pixels that ask.
        targets: of the other map, for as many classes.
        shape: height and width of the maps.
        farthest: squared distances beyond this are given as FAR.

    Returns:
        int64 [number of the class's contour pixels] for each class, in pixels squared.
    """
    squared = np.full(len(contours.places), FAR)
    along = np.empty((shape[0], shape[1] + 8), np.int64)[:, : shape[1]]  # rows 2^n bytes apart would share cache lines
    edges = np.arange(shape[0] + 1) * shape[1]
    slices = [slice(*pair) for pair in pairwise(contours.bounds.tolist())]
    for asking, offered in zip(slices, pairwise(targets.bounds.tolist()), strict=True):
        if asking.start < asking.stop and offered[0] < offered[1]:
            places = targets.places[slice(*offered)]
            _search(contours.places[asking], places, np.searchsorted(places, edges), along, farthest, squared[asking])
    return [squared[asking] for asking in slices]


@compiled
def _search(
    asking: Integers, targets: Integers, rows: Integers, along: Integers, farthest: int, squared: Integers
) -> None:
    """Fill `squared` for the places `asking` of one class; its targets in row r are `targets[rows[r]:rows[r + 1]]`."""
    width = along.shape[1]
    first, last = targets[0] // width, targets[-1] // width
    for row in range(first, last + 1):
        _fill_along(targets[rows[row] : rows[row + 1]], row * width, along[row])
    for index in range(len(asking)):
        row, column = asking[index] // width, asking[index] % width
        nearest = farthest + 1
        offset = max(0, first - row, row - last)
        while offset * offset < nearest and (row - offset >= first or row + offset <= last):
            if row - offset >= first:
                nearest = min(nearest, offset * offset + along[row - offset, column])
            if row + offset <= last:
                nearest = min(nearest, offset * offset + along[row + offset, column])
            offset += 1
        squared[index] = nearest if nearest <= farthest else FAR


@compiled
def _fill_along(targets: Integers, origin: int, squared: Integers) -> None:
    """The squared distance along a row that begins at place `origin`, from each pixel to the nearest target, or FAR."""
    start = 0
    if len(targets) == 0:
        squared[:] = FAR
    for index in range(len(targets)):
        column = targets[index] - origin
        stop = len(squared) if index + 1 == len(targets) else (column + targets[index + 1] - origin) // 2 + 1
        for x in range(start, stop):
            squared[x] = (x - column) * (x - column)
        start = stop
