"""What a reader is to the fuzzer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Target", "written"]


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        name: of the reader.
        kind: of its files: a key of `tests.fuzz.mutation.MUTATORS`.
        seeds: makes small valid files, by the packages' own writers where there is one, and files that once failed.
        read: writes the bytes where the reader wants them, below a folder, and calls the reader.
        weight: how many cases it gets, in relation to the others.
        pickles: whether it unpickles tensors of known types.
    """

    name: str
    kind: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], object]
    weight: float = 1.0
    pickles: bool = False


def written(path: Path, data: bytes) -> Path:
    """The path, with the bytes in it."""
    try:
        path.write_bytes(data)
    except FileNotFoundError:
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return path
