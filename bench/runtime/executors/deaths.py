"""Deaths of workers in a row: where to go on after one, and when an engine gives up."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

__all__ = ["DeathsInARow"]

Item = TypeVar("Item")

_LEAST = 16


class DeathsInARow:
    """Counts deaths of workers between which no item was done.

    An engine gives up after 16 of them, or three for each worker if that is more: a machine may take its workers along.

    Args:
        workers: that the engine has.
    """

    def __init__(self, workers: int) -> None:
        self._most, self._count, self._last = max(_LEAST, 3 * workers), 0, ""

    @property
    def too_many(self) -> bool:
        """Whether the engine gives up."""
        return self._count >= self._most

    @property
    def reason(self) -> str:
        """Why the engine gave up, the end of a sentence."""
        return f"{self._count} workers in a row that died without an item done, the last one of {self._last}"

    def add(self, reason: str) -> None:
        """A worker died at an item, for this reason."""
        self._count, self._last = self._count + 1, reason

    def forget(self) -> None:
        """An item was done."""
        self._count = 0

    def allow_one(self) -> None:
        """Let one more item be tried."""
        self._count = min(self._count, self._most - 1)

    def take(self, waiting: deque[Item]) -> Item:
        """Take out the next item: the first one; after deaths one further on, since neighbours have much in common.

        The places halve the queue, then its halves, and so on (van der Corput).
        """
        place = self.place(len(waiting))
        item = waiting[place]
        del waiting[place]
        return item

    def place(self, length: int) -> int:
        """The place in a queue at which to go on."""
        reversed_bits = int(f"{self._count:b}"[::-1], 2)
        return reversed_bits * length >> self._count.bit_length()
