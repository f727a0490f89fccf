"""Tasks without torch, whose items die in the ways that workers do."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError
from bench.runtime.executors.executor import Worker

__all__ = ["Busy", "Item", "Nothing", "Refuses", "Squares", "StartsOnce"]


@dataclass(frozen=True)
class Item:
    """A number to square, and what happens to the worker that does it.

    Attributes:
        number: the number.
        fault: name of a method of `Squares`, or empty.
        deaths: so many workers have the fault; the next one has none.
    """

    number: int
    fault: str = ""
    deaths: int = 99


@dataclass(frozen=True)
class Squares:
    """Squares numbers; keeps a line for every item that began, and every worker, in a folder."""

    folder: Path
    fingerprint: str = "squares"

    def start(self, worker: Worker) -> Callable[[Item], int]:
        self._keep("workers", str(os.getpid()))

        def call(item: Item) -> int:
            worker.note(f"number {item.number}")
            begun = self._keep(f"item-{item.number}", str(os.getpid()))
            if item.fault and begun <= item.deaths:
                getattr(self, item.fault)()
            worker.advance(1)
            return item.number**2

        return call

    def _keep(self, name: str, line: str) -> int:
        """Append a line to a file, and return how many it has."""
        with (self.folder / name).open("a") as file:
            file.write(f"{line}\n")
        return len((self.folder / name).read_text().splitlines())

    def killed(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def segfault(self) -> None:
        ctypes.string_at(0)

    def exits(self) -> None:
        sys.exit(3)

    def raises(self) -> None:
        raise ZeroDivisionError("of the item")

    def raises_what_no_pickle_holds(self) -> None:
        class Local(Exception):
            pass

        raise Local("of the item")

    def hangs(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        time.sleep(600)

    def leaves_children(self) -> None:
        child = subprocess.Popen(["sleep", "600"])
        self._keep("children", str(child.pid))
        if not os.fork():
            self._keep("children", str(os.getpid()))
            time.sleep(600)
        self.killed()

    def preempted(self) -> None:
        os.kill(os.getpid(), signal.SIGUSR2)

    def sleeps(self) -> None:
        time.sleep(600)

    def keeps_the_interpreter(self) -> None:
        ctypes.PyDLL(None).sleep(600)


@dataclass(frozen=True)
class StartsOnce(Squares):
    """Only one worker in the life of the folder can start; the others die."""

    starts: int = 0

    def start(self, worker: Worker) -> Callable[[Item], int]:
        worker.note("loading the model")
        if self._keep("starts", str(os.getpid())) > self.starts:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().start(worker)


@dataclass(frozen=True)
class Refuses(Squares):
    """Does not start."""

    def start(self, worker: Worker) -> Callable[[Item], int]:
        worker.note("comparing the code")
        raise UsageError("a worker", "have what the run began with", "another code", "Install it.")


@dataclass(frozen=True)
class Nothing:
    """Does nothing."""

    fingerprint: str = "nothing"

    def start(self, worker: Worker) -> Callable[[int], None]:  # noqa: ARG002
        return lambda _: None


@dataclass(frozen=True)
class Busy:
    """Computes in one thread for a part of a second; the result is the process that did it."""

    fingerprint: str = "busy"

    def start(self, worker: Worker) -> Callable[[int], int]:  # noqa: ARG002
        def call(item: int) -> int:
            sum(number * number for number in range(item, item + 1_500_000))
            return os.getpid()

        return call
