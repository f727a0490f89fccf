"""Nearest-neighbour resizing in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["nearest"]

Scalar = TypeVar("Scalar", bound=np.generic)


def nearest(array: npt.NDArray[Scalar], height: int, width: int) -> npt.NDArray[Scalar]:
    """[h, w] to [height, width]: each pixel takes the value that its centre falls on, as Pillow's NEAREST."""
    if array.shape == (height, width):
        return array
    rows = (2 * np.arange(height) + 1) * array.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * array.shape[1] // (2 * width)
    return array[np.ix_(rows, columns)]
