"""Messages of a measuring process, and how it ended."""

from __future__ import annotations

import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["POLL", "end_of", "received"]

POLL = 0.1
"""Seconds that a reader waits for a message."""


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
