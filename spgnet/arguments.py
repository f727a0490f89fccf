"""Checks of the picture and the hole that a network is given."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_hole_size", "check_range", "hide"]


def hide(image: Tensor, hole: Tensor, smallest: int = 1) -> Tensor:
    """A copy of the pictures that is 0 in the hole, so that no network can read what it must not.

    Args:
        image: floating-point [N, 3, H, W]; hole pixels are not read.
        hole: bool [N, 1, H, W], True = missing.
        smallest: pixels that each side of the pictures must have.

    Returns:
        float32 [N, 3, H, W].

    Raises:
        TypeError: for another dtype.
        ValueError: for another shape, or a side that is too short.
    """
    if not image.is_floating_point():
        raise TypeError(f"image must be floating-point in [0, 1]; found {image.dtype}. Divide 8-bit pictures by 255.")
    if image.ndim != 4 or image.shape[1] != 3 or not image.numel():
        raise ValueError(
            f"image must be [N, 3, H, W]; found {list(image.shape)}. Put the RGB channels behind a batch axis."
        )
    if min(image.shape[2:]) < smallest:
        raise ValueError(
            f"image must be at least {smallest} pixels on each side, the stride of the networks; "
            f"found {image.shape[2]}x{image.shape[3]}. Enlarge it first."
        )
    if hole.dtype != torch.bool:
        raise TypeError(f"hole must be bool, True = missing; found {hole.dtype}. Compare the mask with its threshold.")
    must = [image.shape[0], 1, *image.shape[2:]]
    if list(hole.shape) != must:
        raise ValueError(f"hole must be {must}, as large as the image; found {list(hole.shape)}. Resize it.")
    return image.masked_fill(hole, 0).float()


def check_range(hidden: Tensor) -> None:
    """Raise ValueError for values outside [0, 1] or NaN in pictures without their holes; waits for the device."""
    low, high = (float(value) for value in hidden.aminmax())
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise ValueError(f"image must be in [0, 1]; found {low:.4g} to {high:.4g}. Divide 8-bit pictures by 255.")


def check_hole_size(hole: Tensor) -> None:
    """Raise ValueError for a hole, bool [N, 1, H, W], that is empty or covers a whole picture."""
    missing = hole.flatten(1)
    for requirement, wrong, fix in (
        ("have a missing pixel", ~missing.any(dim=1), "Leave pictures without a hole as they are."),
        ("leave a known pixel", missing.all(dim=1), "Give the networks part of the picture to go by."),
    ):
        if wrong.any():
            raise ValueError(
                f"hole must {requirement}; found none in picture {int(wrong.nonzero()[0])} of the batch. {fix}"
            )
