"""An element of a job array: it runs its share of the items one after another, and writes down what comes of them."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import Failure
from bench.runtime.cores import usable_cores
from bench.runtime.executors.executor import Task
from bench.runtime.executors.journal import Journal
from bench.runtime.executors.shared_folder import NotingWorker, SharedFolder

__all__ = ["Begun", "DoneItem", "Raised", "SlurmElement", "Started"]

_POLL = 0.5  # seconds


@dataclass(frozen=True)
class Started:
    """The element runs.

    Attributes:
        machine: its name.
    """

    machine: str


@dataclass(frozen=True)
class Begun:
    """An item begins.

    Attributes:
        index: of the item.
    """

    index: int


@dataclass(frozen=True)
class DoneItem:
    """An item is done.

    Attributes:
        index: of the item.
        result: what came of it.
        samples: number of samples done.
    """

    index: int
    result: Any
    samples: int


@dataclass(frozen=True)
class Raised:
    """The task raised, and the element ends.

    Attributes:
        error: what it raised, with the traceback as a note.
    """

    error: Exception


@dataclass(frozen=True)
class SlurmElement:
    """What submitit pickles and calls.

    An element that was preempted is called again, and leaves out what it has finished.

    Attributes:
        shared: the folder that it shares with the driver.
        number: of the element.
        task: what is done.
        items: its share, as pairs of index and item.
        threads: CPU threads; None: the cores that it is given.
        device: torch device.
        is_child: whether it is a process of the driver's machine, which has to end with the driver.
    """

    shared: SharedFolder
    number: int
    task: Task[Any, Any]
    items: Sequence[tuple[int, Any]]
    threads: int | None
    device: str
    is_child: bool = False

    @property
    def journal(self) -> Journal:
        """Where it writes down what comes of its items."""
        return Journal(self.shared.path / f"journal-{self.number}")

    def __call__(self) -> None:
        """Run the share, until the driver is gone or the task raises."""
        if self.is_child:
            threading.Thread(target=_end_with_driver, args=(self.shared,), daemon=True).start()
        journal = self.journal
        finished = {entry.index for entry in journal.read() if isinstance(entry, DoneItem)}
        journal.drop_torn()
        journal.append(Started(socket.gethostname()))
        worker = NotingWorker(self.shared, self.number, self.threads or usable_cores(), self.device)
        try:
            call = self.task.start(worker)
            for index, item in self.items:
                if index in finished:
                    continue
                if not self.shared.is_visible():
                    return
                journal.append(Begun(index))
                journal.append(DoneItem(index, call(item), worker.take_done()))
        except KeyboardInterrupt:  # the driver is gone
            return
        except Exception as error:  # noqa: BLE001 (raised in the driver)
            journal.append(Raised(_portable(error)))

    def checkpoint(self) -> Any:
        """Called by submitit when the element is preempted: it is put back into the queue as it is."""
        import submitit

        return submitit.helpers.DelayedSubmission(self)


def _end_with_driver(shared: SharedFolder) -> None:
    """End this process when the driver was killed, or did not wait any longer for the batch that is at work."""
    while shared.has_driver():
        time.sleep(_POLL)
    os.kill(os.getpid(), signal.SIGKILL)


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note, or its text alone where it cannot be pickled."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    except Exception:  # noqa: BLE001 (classes from elsewhere fail in any way)
        return Failure("a worker", "run to its end", f"{type(error).__name__}: {error}")
    return error
