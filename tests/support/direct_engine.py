"""An engine without processes: it says of chosen items that their workers died."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.runtime.executors.executor import Lost, Task

__all__ = ["Alone", "DirectEngine"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Alone:
    """An engine that does nothing beside the task."""

    threads, device = 1, "cpu"

    def note(self, text: str) -> None:
        """Nobody listens."""

    def advance(self, count: int) -> None:
        """Nobody counts."""


@dataclass
class DirectEngine:
    """Runs items in this process, the last one first.

    Attributes:
        lost: places of the items that are lost.
    """

    lost: Collection[int] = ()
    name: str = "direct"

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items."""
        on_progress(0)
        call = task.start(Alone())
        for place, item in reversed(list(enumerate(items))):
            on_result(item, Lost(item, "SIGSEGV at picture p003") if place in self.lost else call(item))
