"""Run a program under a time limit; nothing that it started outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ending", "run_limited"]

_GRACE = 2.0
"""Seconds between the polite and the certain end of a process group."""
_SAID = 300


@dataclass(frozen=True)
class Ending:
    """How a program ended.

    Attributes:
        problem: what was wrong, or empty.
        late: whether it was ended for taking too long.
        said: the last of what it printed.
    """

    problem: str
    late: bool
    said: str


def run_limited(words: Sequence[str], seconds: float, log: Path) -> Ending:
    """Run a program to its end, or end it and everything in its process group.

    Its input is empty; what it prints goes to a file, so that a child which keeps the output open cannot hold us up.

    Args:
        words: program and arguments, run without a shell.
        seconds: how long it may take.
        log: file for its standard output and error together.
    """
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 (a program that the user named)
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            return Ending(str(error), late=False, said="")
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end_group(process)
    problem = f"no end after {seconds:g} s" if code is None else _worded(code)
    return Ending(problem, code is None, _last_words(log))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the program if it still runs, politely first, and then whatever is left of its group."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        os.killpg(process.pid, number)


def _worded(code: int) -> str:
    if code >= 0:
        return f"exit code {code}" if code else ""
    try:
        return f"death by {signal.Signals(-code).name}"
    except ValueError:
        return f"death by signal {-code}"


def _last_words(log: Path) -> str:
    """The end of what it printed, on one line."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _SAID))
        return " ".join(file.read().decode("utf-8", "replace").split())
