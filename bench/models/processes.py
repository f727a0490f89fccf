"""Run a program under a time limit, and end everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ProgramResult", "run_limited"]

_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""
_OUTPUT_CHARACTERS = 300


@dataclass(frozen=True)
class ProgramResult:
    """How a program ended.

    Attributes:
        problem: what was wrong, or empty.
        timed_out: whether it was ended for taking too long.
        output: the end of what it printed.
    """

    problem: str
    timed_out: bool
    output: str


def run_limited(words: Sequence[str], seconds: float, log: Path, folder: Path) -> ProgramResult:
    """Run a program to its end, or end it and everything in its process group.

    Its input is empty. What it prints goes to a file, so that a child process which keeps the output open cannot block
    the caller.

    Args:
        words: program and arguments, run without a shell.
        seconds: how long it may take.
        log: file for its standard output and error together.
        folder: where it is run.
    """
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(  # noqa: S603 (a program that the user named)
                words,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            return ProgramResult(str(error), timed_out=False, output="")
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end_group(process)
    problem = f"no end after {seconds:g} s" if code is None else _describe_code(code)
    return ProgramResult(problem, code is None, _end_of(log))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the program if it still runs, with SIGTERM and then SIGKILL, and then whatever is left of its group."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        os.killpg(process.pid, number)


def _describe_code(code: int) -> str:
    if code >= 0:
        return f"exit code {code}" if code else ""
    try:
        return f"death by {signal.Signals(-code).name}"
    except ValueError:
        return f"death by signal {-code}"


def _end_of(log: Path) -> str:
    """The end of what it printed, on one line."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _OUTPUT_CHARACTERS))
        return " ".join(file.read().decode("utf-8", "replace").split())
