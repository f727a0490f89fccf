"""Where two label maps agree: pixels of intersection and union of every class, exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.metrics.boundary import ends
from bench.metrics.segmentation.backends.arguments import IGNORED, Codes, Mask
from bench.runtime.numba import compiled

__all__ = ["count_overlap", "inner_band"]

_BEYOND = np.int16(np.iinfo(np.int16).max)  # greater than every code


@compiled
def count_overlap(
    reference: Codes, predicted: Codes, region: Mask, intersection: npt.NDArray[np.int64], union: npt.NDArray[np.int64]
) -> None:
    """Add the pixels of each class in the region to `intersection` and `union`, both int64 [num_classes + 1].

    The last entry gathers the pixels without a class and means nothing.
    """
    for row in range(reference.shape[0]):
        for column in range(reference.shape[1]):
            truth, answer = reference[row, column], predicted[row, column]
            if truth < 0 or not region[row, column]:
                continue
            union[truth] += 1
            if truth == answer:
                intersection[truth] += 1
            else:
                union[answer] += 1


def inner_band(codes: Codes, width: int) -> Mask:
    """Pixels of one label map [H, W] that erosion by a 3x3 square, `width` times over, takes from their class.

    These are the pixels with another class within `width` steps of a chess king. Beyond the image no class goes on;
    under IGNORED pixels every class does.
    """
    ignored, width = codes == IGNORED, min(width, max(codes.shape))
    greatest = _sliding(np.maximum, np.pad(codes, width, constant_values=_BEYOND), 2 * width + 1)
    masked = np.where(ignored, _BEYOND, codes)
    least = _sliding(np.minimum, np.pad(masked, width, constant_values=_BEYOND), 2 * width + 1)
    band: Mask = ((greatest != codes) | (least != codes)) & ~ignored
    return band


def _sliding(combine: np.ufunc, values: Codes, size: int) -> Codes:
    """`combine` over each square of `size` x `size` that lies inside `values`, spans doubling at each step."""
    for axis in (0, 1):
        span = 1
        while span < size:
            step = min(span, size - span)
            values = combine(*ends(values, step, axis))
            span += step
    return values
