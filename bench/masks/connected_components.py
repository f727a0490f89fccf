"""Connected regions of a label map, and growing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.masks.raster import paint_capsules
from bench.runtime.numba import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap

__all__ = ["connected_components", "grown"]


@compiled
def connected_components(labels: LabelMap, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the 8-connected regions of equal class (two-pass union-find, Rosenfeld and Pfaltz 1966).

    Args:
        labels: uint8 [H, W].
        wanted: bool [256], the classes that count.

    Returns:
        int32 [H, W]: 1, 2, ... in the order of each region's first pixel in reading order; 0 where no class counts.
    """
    height, width = labels.shape
    regions = np.zeros((height, width), np.int32)
    parent = np.zeros(height * width + 1, np.int32)
    count = 0
    for y in range(height):
        for x in range(width):
            if y > 0 and labels[y - 1, x] == labels[y, x]:
                regions[y, x] = regions[y - 1, x]  # the other neighbours touch that one and are united with it already
            elif wanted[labels[y, x]]:
                number = _joined(labels, regions, parent, y, x)
                if number == 0:
                    count += 1
                    parent[count] = number = count
                regions[y, x] = number
    return _renumbered(regions, parent, count)


@compiled
def _joined(labels: LabelMap, regions: npt.NDArray[np.int32], parent: npt.NDArray[np.int32], y: int, x: int) -> int:
    """Unite the regions of the neighbours above and to the left that share the pixel's class; 0 when none does."""
    found = 0
    for dy, dx in ((-1, -1), (-1, 1), (0, -1)):
        row, column = y + dy, x + dx
        if row >= 0 and 0 <= column < labels.shape[1] and labels[row, column] == labels[y, x]:
            root = _root(parent, regions[row, column])
            parent[max(root, found)] = root if found == 0 else min(root, found)
            found = parent[max(root, found)]
    return found


@compiled
def _root(parent: npt.NDArray[np.int32], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


@compiled
def _renumbered(regions: npt.NDArray[np.int32], parent: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    numbers = np.zeros(count + 1, np.int32)
    total = 0
    for number in range(1, count + 1):
        root = _root(parent, number)
        if root == number:
            total += 1
            numbers[number] = total
        else:
            numbers[number] = numbers[root]
    height, width = regions.shape
    for y in range(height):
        for x in range(width):
            regions[y, x] = numbers[regions[y, x]]
    return regions


def grown(region: Hole, radius: int) -> Hole:
    """Dilation by a disc: bool [H, W], True where a pixel of the region is at most `radius` pixels away."""
    framed = np.pad(region, 1)
    inside = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    rows, columns = np.nonzero(region & ~inside)
    discs = np.stack([columns, rows, columns, rows, np.full_like(rows, radius)], axis=1).astype(np.float64)
    hole = region.copy()
    paint_capsules(hole, discs)
    return hole
