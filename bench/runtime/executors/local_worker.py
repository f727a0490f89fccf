"""A worker process on this machine: it gets a task and items through a pipe, and sends back what comes of them.

Messages to it: the task, then items one by one. Messages from it are pairs of a kind, one of the constants here, and a
value. A closed pipe ends it.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection, wait
from typing import Any

from bench.errors import Failure

__all__ = ["ADVANCED", "FAILED", "FINISHED", "NOTED", "READY", "serve"]

READY, NOTED, ADVANCED, FINISHED, FAILED = "ready", "noted", "advanced", "finished", "failed"
"""The task has started; a note; more samples are done; the result of an item; what the task raised."""

_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>


class _PipeWorker:
    """The engine, as a task sees it from inside a worker.

    Args:
        connection: to the driver.
        threads, device: as of `Worker`.
    """

    def __init__(self, connection: Connection, threads: int, device: str) -> None:
        self.threads, self.device = threads, device
        self._connection, self._sending = connection, threading.Lock()

    def send(self, kind: str, value: Any) -> None:
        """Send a message to the driver; nothing happens when the driver does not listen any more."""
        data = pickle.dumps((kind, value))  # what cannot be pickled is raised before a byte is sent
        with self._sending, contextlib.suppress(OSError):
            self._connection.send_bytes(data)

    def receive(self) -> Any:
        """The next message of the driver; raises KeyboardInterrupt when no one comes any more."""
        try:
            data = self._connection.recv_bytes()
        except (EOFError, OSError):
            raise KeyboardInterrupt from None
        return pickle.loads(data)  # noqa: S301 (of the process that started this one)

    def note(self, text: str) -> None:
        """Say what begins now."""
        self.send(NOTED, text)

    def advance(self, count: int) -> None:
        """Say that so many more samples are done; raises KeyboardInterrupt when the driver closed the pipe."""
        self.send(ADVANCED, count)
        if self._connection.poll():
            raise KeyboardInterrupt


def serve(connection: Connection, threads: int, device: str) -> None:
    """Work until the driver closes the connection, or the task raises."""
    _detach(connection)
    worker = _PipeWorker(connection, threads, device)
    try:
        task = worker.receive()
        call = task.start(worker)
        worker.send(READY, None)
        while True:
            worker.send(FINISHED, call(worker.receive()))
    except KeyboardInterrupt:
        return
    except Exception as error:  # noqa: BLE001 (raised in the driver)
        worker.send(FAILED, _portable(error))


def _detach(connection: Connection) -> None:
    """Leave Ctrl-C to the driver, end with it, and let what this process starts end with this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.setsid()
    os.register_at_fork(after_in_child=connection.close)  # so that the death of this process closes the pipe
    if sys.platform == "linux":  # even when a library keeps the interpreter from running the thread
        ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGKILL)
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    if driver is not None:
        wait([driver.sentinel])
        os.killpg(0, signal.SIGKILL)


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note, or its text alone where it cannot be pickled."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    except Exception:  # noqa: BLE001 (classes from elsewhere fail in any way)
        return Failure("a worker process", "run to its end", f"{type(error).__name__}: {error}")
    return error
