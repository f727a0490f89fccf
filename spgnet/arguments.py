"""Checks of the picture and the hole that a network is given."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_range", "check_values", "hide", "is_capturing"]


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
    """Raise ValueError for values outside [0, 1] or NaN in pictures without their holes; waits for the device.

    While a CUDA graph is being captured the values cannot be read, and are not checked.
    """
    if not is_capturing(hidden):
        low, high = torch.stack(hidden.aminmax()).tolist()
        _require_range(low, high)


def check_values(hidden: Tensor, hole: Tensor, *faults: Tensor) -> list[bool]:
    """Raise unless every hole and every picture has values that a network may be given; waits for the device once.

    While a CUDA graph is being captured the values cannot be read, and are not checked.

    Args:
        hidden: float32 [N, 3, H, W] with 0 in the hole, what `hide` returns.
        hole: bool [N, 1, H, W].
        faults: bool tensors of one value each, such as whether some label is wrong, which are read in the same wait.

    Returns:
        The values of `faults`; all False while a CUDA graph is being captured.

    Raises:
        ValueError: a hole is empty or covers its picture, or a known pixel is outside [0, 1] or NaN.
    """
    if is_capturing(hidden):
        return [False] * len(faults)
    missing, n = hole.flatten(1), len(hole)
    facts = (*hidden.aminmax(), missing.any(dim=1), missing.all(dim=1), *faults)
    low, high, *flags = torch.cat([fact.to(hidden.device, torch.float32).flatten() for fact in facts]).tolist()
    empty, full = [not some for some in flags[:n]], [bool(every) for every in flags[n : 2 * n]]
    for requirement, wrong, fix in (
        ("have a missing pixel", empty, "Leave pictures without a hole as they are."),
        ("leave a known pixel", full, "Give the networks part of the picture to go by."),
    ):
        if any(wrong):
            raise ValueError(f"hole must {requirement}; found none in picture {wrong.index(True)} of the batch. {fix}")
    _require_range(low, high)
    return [bool(flag) for flag in flags[2 * n :]]


def is_capturing(values: Tensor) -> bool:
    """Whether a CUDA graph is being captured on the current stream, and the values are on a CUDA device."""
    return values.is_cuda and torch.cuda.is_current_stream_capturing()


def _require_range(low: float, high: float) -> None:
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise ValueError(f"image must be in [0, 1]; found {low:.4g} to {high:.4g}. Divide 8-bit pictures by 255.")
