"""The memory of a GPU: freed and shared out anew after it ran out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from bench.errors import ModelFailure

__all__ = ["free_device_memory", "halves", "out_of_memory"]

Part = TypeVar("Part")


def free_device_memory() -> None:
    """Give back what torch keeps of the memory of a GPU for later blocks; to be called outside of `except`.

    An error holds the frames that it went through, and these hold the tensors.
    """
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


def halves(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The first and the second half of two or more."""
    middle = len(parts) // 2
    yield parts[:middle]
    yield parts[middle:]


def out_of_memory(subject: str) -> ModelFailure:
    """The failure of a single picture; its text is the same each time, whatever else lies in the memory."""
    fix = "Take smaller pictures, fewer --workers or another --device."
    return ModelFailure(subject, "fit into the memory of the device with one picture", "too little memory", fix)
