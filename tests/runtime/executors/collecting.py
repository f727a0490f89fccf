"""Runs squares by an engine, and keeps what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.runtime.executors.executor import Executor, Lost, Task
from tests.runtime.executors.tasks import Item, Squares

__all__ = ["Collected", "check_gives_up", "run_squares"]


@dataclass
class Collected:
    """What an engine gave.

    Attributes:
        squares: of the items that were done.
        lost: reason of those that were not.
        samples: number of samples that it said are done.
        began: whether it said so before the first result.
    """

    squares: dict[int, int] = field(default_factory=dict)
    lost: dict[int, str] = field(default_factory=dict)
    samples: int = 0
    began: bool = False

    def on_result(self, item: Item, result: int | Lost[Item]) -> None:
        """Take a result; each item has one."""
        assert self.began
        assert item.number not in self.squares
        assert item.number not in self.lost
        if isinstance(result, Lost):
            self.lost[item.number] = result.reason
        else:
            self.squares[item.number] = result

    def on_progress(self, samples: int) -> None:
        """Count samples."""
        self.began = True
        self.samples += samples


def run_squares(
    engine: Executor, folder: Path, items: Sequence[Item], task: Task[Item, int] | None = None
) -> Collected:
    """Run the items; `folder` holds what the task keeps."""
    folder.mkdir(exist_ok=True)
    found = Collected()
    engine.run(task or Squares(folder), items, found.on_result, found.on_progress)
    return found


def check_gives_up(engine: Executor, folder: Path) -> None:
    """Check an engine of one worker which gives up after three deaths in a row, when all items kill their workers."""
    items = [Item(number, "killed") for number in range(12)]

    found = run_squares(engine, folder, items)

    assert found.lost.keys() == set(range(12))
    untried = [reason for reason in found.lost.values() if "in a row that died without an item done" in reason]
    assert len(untried) >= 12 - 4
    assert all("the last one of" in reason and "at number" in reason for reason in untried)
    assert len(list(folder.glob("item-*"))) <= 4
