"""Processes on this machine, each with a pipe of its own: the death of one costs the others nothing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Generic, TypeVar, cast

from bench.errors import Failure
from bench.runtime.cores import usable_cores
from bench.runtime.executors import local_worker
from bench.runtime.executors.deaths import DeathsInARow
from bench.runtime.executors.executor import Lost, Task
from bench.runtime.executors.exit_codes import describe_exit

__all__ = ["LocalExecutor"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONTEXT = multiprocessing.get_context("spawn")
_POLL = 0.5  # seconds: a signal that another thread took is handled so late at most
_GRACE = 10.0  # seconds for the batch that a worker is at when the run is interrupted
_STARTS_ALONE = 2
"""So many workers in a row may die before they begin, each without another one beside it."""


class LocalExecutor:
    """Worker processes that share the device and the cores.

    Each process has an item at a time. When this process is interrupted, the workers end after the batch that they are
    at; when it is killed, at once. An item whose worker dies is tried again when all others are done, in a new worker
    without another one beside it. When workers die one after another without an item done, see `DeathsInARow`, one item
    is tried in this way; the others are given up when that one's worker dies as well.

    Args:
        workers: processes.
        device: torch device that all of them share.
    """

    name = "local"

    def __init__(self, workers: int, device: str = "cpu") -> None:
        self._workers, self._device = workers, device

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items, as every engine does.

        Raises:
            Failure: workers die before they can begin.
        """
        threads, deaths = max(1, usable_cores() // self._workers), DeathsInARow(self._workers)
        pool = _Pool(pickle.dumps(task), threads, self._device, deaths, on_result, on_progress)
        left = list(items)
        while left and not pool.deaths.too_many:
            died, left = pool.run(left, self._workers)
            pool.deaths.allow_one()
            for item, reason in died:
                again = [(item, reason)] if pool.deaths.too_many else pool.run([item], 1)[0]
                for lost, last in again:
                    on_result(lost, Lost(lost, last))
        for item in left:
            on_result(item, Lost(item, pool.deaths.reason, is_untried=True))


@dataclass(eq=False)
class _Process(Generic[Item]):
    """A worker process.

    Attributes:
        process: of `multiprocessing`.
        connection: to it.
        is_ready: whether the task has started in it.
        items: the item that it is at, or none.
        at: its last note.
    """

    process: Any
    connection: Connection
    is_ready: bool = False
    items: tuple[Item, ...] = ()
    at: str = ""

    def kill(self) -> None:
        """End it and all that it has started."""
        if self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)  # before its number is free
            self.process.kill()
            self.process.join()


class _Pool(Generic[Item, Result]):
    """Runs items in processes; arguments as of `LocalExecutor.run`.

    Attributes:
        deaths: in a row.
    """

    def __init__(
        self,
        task: bytes,
        threads: int,
        device: str,
        deaths: DeathsInARow,
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None],
    ) -> None:
        self.deaths = deaths
        self._task, self._arguments = task, (threads, device)
        self._on_result, self._on_progress = on_result, on_progress
        self._processes: list[_Process[Item]] = []
        self._waiting: deque[Item] = deque()
        self._died: list[tuple[Item, str]] = []
        self._most = self._deaths_alone = 0

    def run(self, items: Iterable[Item], most: int) -> tuple[list[tuple[Item, str]], list[Item]]:
        """Run each item once, in up to `most` processes at a time.

        Returns:
            The items whose process died, and how; and those that were not tried, since too many had died.
        """
        self._waiting, self._died, self._most, self._deaths_alone = deque(items), [], most, 0
        try:
            while self._open or self._busy:
                while len(self._processes) < min(self._most, self._busy + self._open):
                    self._start()
                for connection in wait([one.connection for one in self._processes], _POLL):
                    self._hear(next(one for one in self._processes if one.connection is connection))
            return self._died, list(self._waiting)
        finally:
            _end(self._processes)
            self._processes = []

    @property
    def _busy(self) -> int:
        return sum(len(one.items) for one in self._processes)

    @property
    def _open(self) -> int:
        """How many items may begin."""
        return 0 if self.deaths.too_many else len(self._waiting)

    def _start(self) -> None:
        ours, its = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=local_worker.serve, args=(its, *self._arguments), name="spgbench worker")
        started = _Process[Item](process, ours)
        self._processes.append(started)
        resource_tracker.ensure_running()  # it changes which signals are held
        with _uninterrupted():
            process.start()
        its.close()
        with contextlib.suppress(OSError):  # it died: its pipe says so
            ours.send_bytes(self._task)

    def _hear(self, one: _Process[Item]) -> None:
        try:
            kind, value = one.connection.recv()
        except (EOFError, OSError):
            self._bury(one)
            return
        if kind == local_worker.NOTED:
            one.at = value
        elif kind == local_worker.ADVANCED:
            self._on_progress(value)
        elif kind == local_worker.READY:
            one.is_ready, self._deaths_alone = True, 0
            self._give(one)
        elif kind == local_worker.FINISHED:
            (item,), one.items = one.items, ()
            self.deaths.forget()
            self._give(one)  # before the result is looked at
            self._on_result(item, cast("Result", value))
        else:
            raise value

    def _give(self, one: _Process[Item]) -> None:
        """Give a process its next item, if there is one."""
        if self._open:
            one.items = (self.deaths.take(self._waiting),)
            with contextlib.suppress(OSError):  # it died: its pipe says so
                one.connection.send_bytes(pickle.dumps(one.items[0]))
            self._on_progress(0)

    def _bury(self, one: _Process[Item]) -> None:
        """Take note of the death of a process; raises Failure when none can begin."""
        one.kill()  # what it has started
        self._processes.remove(one)
        reason = describe_exit(one.process.exitcode) + (f" at {one.at}" if one.at else " at its start")
        for item in one.items:
            self._died.append((item, reason))
            self.deaths.add(reason)
        if one.is_ready:
            return
        self._deaths_alone += not self._processes
        self._most = max(1, self._most - 1)  # the memory may be too small for as many
        if self._deaths_alone == _STARTS_ALONE:
            fix = "Use fewer --workers or leave the model out. What is recorded stays; the same command goes on."
            raise Failure("worker processes", "start", f"that one died of {reason}", fix)


def _end(processes: Sequence[_Process[Any]]) -> None:
    """End the processes: those that have begun after their batch, if that does not take too long."""
    try:
        for one in processes:
            one.connection.close()
        end = time.monotonic() + _GRACE
        for one in processes:
            if one.is_ready:
                one.process.join(max(0.0, end - time.monotonic()))
    finally:
        for one in processes:
            one.kill()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold signals that Python handles until the end of the block; what the block starts never gets Ctrl-C."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handlers: dict[int, Any] = {}
    held: list[tuple[int, FrameType | None]] = []
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if callable(handler := signal.getsignal(number)):
                    handlers[number] = handler
                    signal.signal(number, lambda *one: held.append(one))
        yield
    finally:
        for caught, handler in handlers.items():
            signal.signal(caught, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for caught, frame in held:
            handlers[caught](caught, frame)
