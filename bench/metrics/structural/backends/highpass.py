"""A picture minus its mean over squares, as exact integers, at a hole and what its squares reach."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Image", "Levels", "Mask", "Residual", "around_hole", "highpass"]

Image: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]
Mask: TypeAlias = npt.NDArray[np.bool_]  # [H, W]
Levels: TypeAlias = npt.NDArray[np.uint8]  # [H, W, 3]
Residual: TypeAlias = npt.NDArray[np.int32]  # [H, W, 3]


def around_hole(reference: Image, completed: Image, hole: Mask, period: int) -> tuple[Levels, Levels, Mask]:
    """The truth, the picture with the fill in it, and the hole, cut to what the squares of the hole's pixels reach."""
    rows, columns = (_reach(np.asarray(hole.any(axis=axis)), period // 2) for axis in (1, 0))
    holes, truth = hole[rows, columns], np.ascontiguousarray(reference[:, rows, columns].transpose(1, 2, 0))
    filled = np.where(holes[..., None], completed[:, rows, columns].transpose(1, 2, 0), truth)
    return truth, filled, holes


def _reach(missing: npt.NDArray[np.bool_], margin: int) -> slice:
    """The rows or columns with a pixel of the hole, and as many around them as squares of the mean reach."""
    found = np.flatnonzero(missing)
    return slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin)


def highpass(picture: Levels, period: int) -> Residual:
    """The picture minus its mean over squares of `period` pixels, times (2 period)^2: integers, exact in float32."""
    taps = np.array([1, *[2] * (period - 1), 1], np.float32)
    values = picture.astype(np.float32)
    sums = cv2.sepFilter2D(values, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REFLECT_101)
    residual: Residual = (values * np.float32(4 * period**2) - sums).astype(np.int32)
    return residual
