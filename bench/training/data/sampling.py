"""The order of the pictures and the seeds of their augmentation: functions of seed and position alone."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["sample_index", "stream_key"]


def stream_key(*parts: str | int) -> int:
    """The key of a stream of random numbers: 63 bits of SHA-256 over the parts."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "big") >> 1


def sample_index(position: int, count: int, seed: int, stage: str) -> int:
    """Index of the sample at a position: every epoch is a new permutation of all `count` samples."""
    return int(_epoch(position // count, count, seed, stage)[position % count])


@lru_cache(maxsize=8)
def _epoch(epoch: int, count: int, seed: int, stage: str) -> npt.NDArray[np.intp]:
    words = np.random.Philox(key=stream_key("order", seed, stage, epoch)).random_raw(count)
    return np.argsort(words, kind="stable")
