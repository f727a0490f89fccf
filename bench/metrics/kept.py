"""What depends on the truth alone, found once: kept in memory under the content that it was found from.

Many models and protocols are held against the same pictures. Keys are digests of the pixels, so nothing stale can be
found, whoever asks.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["KEPT", "Kept", "digest"]

Value = TypeVar("Value")


class Kept:
    """Values by key, those used last, within a limit of memory; safe to share between threads.

    Values are handed out as they are: callers must not write into them.

    Args:
        max_bytes: limit of the arrays kept; a larger value passes through unkept.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, find: Callable[..., Value], *arguments: Any) -> Value:
        """The value of `key`: the one that is kept, or else what `find(*arguments)` returns."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                kept: Value = self._values[key]
                return kept
        value = find(*arguments)  # outside the lock: it takes long
        with self._lock:
            self._keep(key, value)
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._bytes = 0

    def _keep(self, key: Hashable, value: Any) -> None:
        if key in self._values or _bytes(value) > self.max_bytes:
            return
        self._values[key] = value
        self._bytes += _bytes(value)
        while self._bytes > self.max_bytes:
            _, oldest = self._values.popitem(last=False)
            self._bytes -= _bytes(oldest)


KEPT = Kept(256 << 20)
"""For all metrics of this process."""


def digest(array: npt.NDArray[Any]) -> bytes:
    """16 bytes that stand for the type, the shape and the content of an array in C order."""
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16, key=head[:64]).digest()


def _bytes(value: Any) -> int:
    """Of an array or a tuple of arrays, with a little for the entry itself."""
    parts: tuple[npt.NDArray[Any], ...] = value if isinstance(value, tuple) else (value,)
    return sum((part.nbytes for part in parts), start=200)
