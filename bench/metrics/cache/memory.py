"""What depends on the truth alone, computed once: in memory under the content that it was computed from.

Many models and protocols are held against the same pictures. Keys are digests of the pixels, so no entry is ever stale,
whoever asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.runtime.byte_lru import ByteLRU

__all__ = ["TRUTH_MEMORY", "digest"]


def _count_bytes(value: Any) -> int:
    """Of an array or a tuple of arrays, with a little for the entry itself."""
    parts: tuple[npt.NDArray[Any], ...] = value if isinstance(value, tuple) else (value,)
    return sum((part.nbytes for part in parts), start=200)


TRUTH_MEMORY: ByteLRU[Hashable, Any] = ByteLRU(256 << 20, _count_bytes)
"""For all metrics of this process."""


def digest(array: npt.NDArray[Any]) -> bytes:
    """16 bytes that stand for the type, the shape and the content of an array in C order."""
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16, key=head[:64]).digest()
