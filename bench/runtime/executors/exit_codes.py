"""How a process ended, in words."""

from __future__ import annotations

import signal

__all__ = ["describe_exit"]

_HINTS = {signal.SIGKILL: " (out of memory?)", signal.SIGALRM: " (end of its time limit)"}


def describe_exit(code: int | None) -> str:
    """`SIGSEGV`, or `exit code 3`; of an exit code of Python's `multiprocessing` and `subprocess`, None = unknown."""
    if code is None:
        return "an unknown end"
    if code >= 0:
        return f"exit code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"signal {-code}"
    return number.name + _HINTS.get(number, "")
