"""A random stream that is the same on every machine and with every NumPy version."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

__all__ = ["Stream"]

T = TypeVar("T")


class Stream:
    """Uniform numbers from the raw words of NumPy's Philox, keyed by names.

    Only `random_raw` is used: its words are fixed by the definition of Philox (Salmon et al. 2011), while the methods
    of `numpy.random.Generator` may change between versions.

    Args:
        key: what the stream belongs to; another key is an independent stream.
    """

    def __init__(self, *key: str | float) -> None:
        self.key = key
        digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
        self._words = _words(np.random.Philox(key=int.from_bytes(digest[:16], "little")))

    def fork(self, name: str | float) -> Stream:
        """The stream of a part, which does not depend on how much was drawn here."""
        return Stream(*self.key, name)

    def unit(self) -> float:
        """A float in [0, 1)."""
        return (next(self._words) >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self.unit()

    def below(self, end: int) -> int:
        """An integer in [0, end)."""
        return int(self.unit() * end)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def sign(self) -> float:
        """-1.0 or 1.0."""
        return 1.0 if self.chance(0.5) else -1.0

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[tuple[T, float]]) -> T:
        """One of the items, with the weight that stands beside it."""
        left = self.unit() * math.fsum(weight for _, weight in items)  # sum() rounds differently from Python 3.12 on
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]


def _words(source: np.random.Philox) -> Iterator[int]:
    while True:
        yield from source.random_raw(64).tolist()
