"""Hashes that depend on holes alone: not on file formats, names or order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["hole_sha256", "set_sha256"]


def hole_sha256(hole: Hole) -> str:
    """SHA-256 (hex) of a hole, bool [H, W].

    It is over the text `HxW` and a line feed, then the pixels row by row, eight to a byte with the first in the highest
    bit; 1 is missing.
    """
    height, width = hole.shape
    return hashlib.sha256(f"{height}x{width}\n".encode() + np.packbits(hole).tobytes()).hexdigest()


def set_sha256(holes: Iterable[str]) -> str:
    """SHA-256 (hex) of a set of holes, in any order: over the sorted hashes of its holes, a line feed behind each.

    A hole that the set has twice counts twice.
    """
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(holes)).encode()).hexdigest()
