"""A task one of whose workers is killed in the middle of its first item, once, and an engine that runs such a task."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bench.runtime.executors.executor import Executor, Lost, Task, Worker

__all__ = ["Disturbed", "Dying"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Dying(Generic[Item, Result]):
    """Another task, until the first batch of it is done.

    Attributes:
        task: the other one.
        folder: where the death is written down, by the one worker that makes the folder.
    """

    task: Task[Item, Result]
    folder: Path

    @property
    def fingerprint(self) -> str:
        """That of the other task."""
        return self.task.fingerprint

    def start(self, worker: Worker) -> Callable[[Item], Result]:
        """Start the other task."""
        return self.task.start(_DyingWorker(worker, self.folder))


class _DyingWorker:
    def __init__(self, worker: Worker, folder: Path) -> None:
        self.threads, self.device = worker.threads, worker.device
        self._worker, self._folder = worker, folder

    def note(self, text: str) -> None:
        self._worker.note(text)

    def advance(self, count: int) -> None:
        try:
            self._folder.mkdir()
        except FileExistsError:
            self._worker.advance(count)
            return
        (self._folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Disturbed:
    """An engine that is given the items in another order, and whose first worker is killed at an item."""

    engine: Executor
    folder: Path
    seed: int = 0
    name: str = "disturbed"

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items."""
        shuffled = random.Random(self.seed).sample(items, len(items))  # noqa: S311 (no secret)
        self.engine.run(Dying(task, self.folder), shuffled, on_result, on_progress)
        if not (self.folder / "died").exists():
            raise AssertionError("a worker must die")
