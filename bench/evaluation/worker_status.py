"""What this process is at, told to the engine whose worker it is; and the time limit of each batch."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.runtime.executors.executor import Worker

__all__ = ["begin_batch", "begin_loading", "working_for"]


class _Own:
    """Whose worker this process is, if it is one."""

    worker: Worker | None = None
    limit = 0.0


@contextmanager
def working_for(worker: Worker, limit: float | None) -> Iterator[None]:
    """Tell `worker` inside the block which batch begins.

    Args:
        worker: the engine.
        limit: seconds that a batch may take; the system ends the process with SIGALRM then, even where the model keeps
            the interpreter from running. None: no end.
    """
    _Own.worker, _Own.limit = worker, limit or 0.0
    try:
        yield
    finally:
        _Own.worker, _Own.limit = None, 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)


def begin_batch(samples: Sequence[str]) -> None:
    """Say which pictures begin, and give them their time; nothing happens in a process that is no worker."""
    if _Own.worker is not None:
        noun = "picture" if len(samples) == 1 else "pictures"
        _Own.worker.note(f"{noun} {', '.join(samples)}")
        if _Own.limit:
            signal.setitimer(signal.ITIMER_REAL, _Own.limit)


def begin_loading(model: str) -> None:
    """Say which model is loaded next; nothing happens in a process that is no worker."""
    if _Own.worker is not None:
        _Own.worker.note(f"the loading of model {model}")
