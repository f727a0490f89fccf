"""A worker on a Ray cluster: an actor that starts a task once and runs one item a call."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.runtime.executors.shared_folder import NotingWorker, SharedFolder

__all__ = ["RayWorker"]


class RayWorker:
    """The class of the actors.

    Args:
        shared: the folder that it shares with the driver.
        number: of the worker.
        threads, device: as of `Worker`.
    """

    def __init__(self, shared: SharedFolder, number: int, threads: int, device: str) -> None:
        self._shared, self._worker = shared, NotingWorker(shared, number, threads, device)
        self._call: Callable[[Any], Any] | None = None

    def greet(self) -> tuple[str, bool]:
        """The name of the machine, and whether it sees the folder."""
        return socket.gethostname(), self._shared.is_visible()

    def start(self, task: bytes, folder: Path) -> None:
        """Start a pickled task, in the working directory of the driver where this machine has it."""
        with contextlib.suppress(OSError):
            os.chdir(folder)
        try:
            unpickled = pickle.loads(task)  # noqa: S301 (of the driver)
        except (ImportError, AttributeError) as error:
            must = "have the same version of spgbench as the driver"
            raise UsageError(f"worker on {socket.gethostname()}", must, f"{type(error).__name__}: {error}") from error
        self._call = unpickled.start(self._worker)

    def run(self, item: Any) -> tuple[Any, int]:
        """The result of an item, and the number of samples done."""
        if self._call is None:
            raise RuntimeError("start comes first")
        return self._call(item), self._worker.take_done()
