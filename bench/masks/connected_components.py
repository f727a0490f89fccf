"""Connected components of a label map, and their dilation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.masks.raster import paint_capsules
from bench.runtime.numba import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap

__all__ = ["connected_components", "dilate"]


@compiled
def connected_components(labels: LabelMap, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the 8-connected components of equal class (two-pass union-find, Rosenfeld and Pfaltz 1966).

    Args:
        labels: uint8 [H, W].
        wanted: bool [256], the classes that count.

    Returns:
        int32 [H, W]: 1, 2, ... in the order of each component's first pixel in reading order; 0 where no class counts.
    """
    height, width = labels.shape
    components = np.zeros((height, width), np.int32)
    parent = np.zeros(height * width + 1, np.int32)
    count = 0
    for y in range(height):
        for x in range(width):
            if y > 0 and labels[y - 1, x] == labels[y, x]:
                components[y, x] = components[y - 1, x]  # the other neighbours touch that one: already united
            elif wanted[labels[y, x]]:
                number = _unite_neighbours(labels, components, parent, y, x)
                if number == 0:
                    count += 1
                    parent[count] = number = count
                components[y, x] = number
    return _renumber(components, parent, count)


@compiled
def _unite_neighbours(
    labels: LabelMap, components: npt.NDArray[np.int32], parent: npt.NDArray[np.int32], y: int, x: int
) -> int:
    """Unite the components of the neighbours above and to the left that share the pixel's class; 0 when none does."""
    found = 0
    for dy, dx in ((-1, -1), (-1, 1), (0, -1)):
        row, column = y + dy, x + dx
        if row >= 0 and 0 <= column < labels.shape[1] and labels[row, column] == labels[y, x]:
            root = _root(parent, components[row, column])
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
def _renumber(components: npt.NDArray[np.int32], parent: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    numbers = np.zeros(count + 1, np.int32)
    total = 0
    for number in range(1, count + 1):
        root = _root(parent, number)
        if root == number:
            total += 1
            numbers[number] = total
        else:
            numbers[number] = numbers[root]
    height, width = components.shape
    for y in range(height):
        for x in range(width):
            components[y, x] = numbers[components[y, x]]
    return components


def dilate(component: Hole, radius: int) -> Hole:
    """Dilation by a disc: bool [H, W], True where a pixel of the component is at most `radius` pixels away."""
    framed = np.pad(component, 1)
    inside = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    rows, columns = np.nonzero(component & ~inside)
    discs = np.stack([columns, rows, columns, rows, np.full_like(rows, radius)], axis=1).astype(np.float64)
    hole = component.copy()
    paint_capsules(hole, discs)
    return hole
