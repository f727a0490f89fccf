"""Messages of a measuring process, and how it ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from bench.profiling.interrupts import Interrupts

__all__ = ["GRACE", "POLL", "end_of", "measure_in_process", "received"]

POLL = 0.1
"""Seconds that a reader waits for a message."""

GRACE = 15.0
"""Seconds that a call in progress may go on after a stop; then its process is killed."""


def measure_in_process(
    target: Callable[..., None],
    job: object,
    interrupts: Interrupts,
    is_over: Callable[[], bool],
    on_message: Callable[[Any, BaseProcess], str | None],
) -> tuple[str | None, int | None]:
    """Start a measuring process and hand on its messages until it ends.

    Args:
        target: the work of the process, called with its end of a pipe, the job, and an event that asks it to stop.
        job: what is to be measured.
        interrupts: withheld from the process.
        is_over: whether it is to stop; it is killed if it does not.
        on_message: called with each message and the process. Anything but None ends the reading.

    Returns:
        What `on_message` ended the reading with, or None, and the exit code.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    stop = context.Event()
    process = context.Process(target=_run_beside_parent, args=(target, sender, job, stop), daemon=True)
    with interrupts.withheld():
        process.start()
    sender.close()
    end: float | None = None
    try:
        while (message := received(receiver, process.is_alive)) is not EOFError:
            if message is not None and (ended := on_message(message, process)) is not None:
                return ended, process.exitcode
            if is_over():
                stop.set()
                end = end or time.monotonic() + GRACE
                if time.monotonic() > end:
                    process.kill()
    except BaseException:  # such as a full disk: nobody reads any more what the process would still measure
        process.kill()
        raise
    finally:
        process.join()
    return None, process.exitcode


def _run_beside_parent(target: Callable[..., None], *arguments: object) -> None:
    """Run the work of a measuring process, and end with the parent, even when that one is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    target(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def received(connection: Connection, alive: Callable[[], bool]) -> Any:
    """The next message, None when there is none yet, EOFError when none will come."""
    try:
        if connection.poll(POLL):
            return connection.recv()
        return None if alive() or connection.poll(0) else EOFError
    except (EOFError, OSError):
        return EOFError


def end_of(code: int | None, unfinished: bool) -> str:
    """Why a process with this exit code ended before its work was done, or empty."""
    if not unfinished:
        return ""
    if code is not None and code < 0:
        killed = " (as a rule for lack of memory)" if code == -signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(-code).name}{killed}"
    return f"its process ended with exit code {code}" if code else ""
