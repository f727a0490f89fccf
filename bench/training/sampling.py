"""Which picture comes when, and how it is changed: a function of seed and position alone."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["key_of", "picture_at"]


def key_of(*parts: str | int) -> int:
    """63 bits of SHA-256 over the parts: one independent stream of random numbers for each list of parts."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "big") >> 1


def picture_at(position: int, count: int, seed: int, stage: str) -> int:
    """Index of the picture at a position: every epoch is a shuffle of all `count` pictures, another in each epoch."""
    return int(_epoch(position // count, count, seed, stage)[position % count])


@lru_cache(maxsize=8)
def _epoch(epoch: int, count: int, seed: int, stage: str) -> npt.NDArray[np.intp]:
    words = np.random.Philox(key=key_of("order", seed, stage, epoch)).random_raw(count)
    return np.argsort(words, kind="stable")
