"""A cache that keeps the values used last within a limit of bytes; threads may share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

__all__ = ["ByteLRU"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteLRU(Generic[Key, Value]):
    """Values by key, those used last, within a limit of bytes.

    Values are handed out as they are: callers must not write into them.

    Args:
        max_bytes: limit of all values; a larger value passes through uncached.
        count_bytes: what a value takes.
    """

    def __init__(self, max_bytes: int, count_bytes: Callable[[Value], int]) -> None:
        self.max_bytes = max_bytes
        self._count_bytes = count_bytes
        self._values: LRUCache[Key, Value] = LRUCache(max_bytes, getsizeof=count_bytes)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: Key) -> Value | None:
        """The value of `key`, or None."""
        with self._lock:
            return self._values.get(key)

    def add(self, key: Key, value: Value) -> Value:
        """Cache a value; returns the one of the thread that was first."""
        with self._lock:
            if key in self._values:
                return self._values[key]
            if self._count_bytes(value) <= self.max_bytes:
                self._values[key] = value
            return value

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """The value of `key`: the cached one, or else what `compute` returns, which must not be None."""
        value = self.find(key)
        return self.add(key, compute()) if value is None else value  # computed outside the lock: it takes long

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
