"""The checks that every model of the `fill(image, hole)` form makes first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["hide"]


def hide(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """A copy of the picture that is 0 in the hole, so that no model can read what it must not.

    Args:
        image: uint8 [H, W, 3] RGB.
        hole: bool [H, W], True = missing.

    Returns:
        uint8 [H, W, 3], contiguous.

    Raises:
        ValueError: if a dtype or a shape is another, or if the hole is empty or covers the whole picture.
    """
    _check(image, hole)
    hidden = np.array(image, order="C")
    hidden[hole] = 0
    return hidden


def _check(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_]) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"image must be uint8 [H, W, 3]; found {image.dtype} {list(image.shape)}. "
            "Convert it to 8-bit RGB with the channels last."
        )
    if hole.dtype != np.bool_ or hole.shape != image.shape[:2]:
        raise ValueError(
            f"hole must be bool {list(image.shape[:2])}, as large as the image; "
            f"found {hole.dtype} {list(hole.shape)}. Compare the mask with its threshold and resize it to the image."
        )
    if not hole.any():
        raise ValueError("hole must have a missing pixel; found none. Leave pictures without a hole as they are.")
    if hole.all():
        raise ValueError("hole must leave a known pixel; found none. Give the model part of the picture to go by.")
