"""The warning that a batch is computed without an acceleration that was asked for."""

from __future__ import annotations

import warnings

from torch import Tensor

__all__ = ["AccelerationWarning", "shapes", "warn_fallback"]


class AccelerationWarning(UserWarning):
    """A batch is computed correctly, but without an acceleration that was asked for; raised once for each shape."""


def warn_fallback(option: str, tensors: tuple[Tensor | None, ...], reason: str) -> None:
    """Say that an option does not hold for these tensors, and why.

    Args:
        option: the field of Acceleration.
        tensors: what the work is given.
        reason: a sentence without its full stop.
    """
    message = f"{option} must be left out for {shapes(tensors)}; found: {reason}. These batches run without it."
    warnings.warn(message, AccelerationWarning, stacklevel=3)


def shapes(tensors: tuple[Tensor | None, ...]) -> str:
    """Type and shape of every tensor, such as `float32 1x3x256x256, bool 1x1x256x256`."""
    given = [tensor for tensor in tensors if tensor is not None]
    sizes = ("x".join(map(str, tensor.shape)) for tensor in given)
    return ", ".join(
        f"{str(tensor.dtype).removeprefix('torch.')} {size}" for tensor, size in zip(given, sizes, strict=True)
    )
