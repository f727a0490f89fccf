"""What each worker process of a run is at, in memory that outlives it: who was killed, with which model and picture."""

from __future__ import annotations

import os
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from bench.errors import ModelFailure

__all__ = ["WorkerStatus", "create", "join", "killed", "note"]

_LENGTH = 500
"""Bytes of a note."""


@dataclass(frozen=True)
class WorkerStatus:
    """One line for each worker: its process number, and what it is at.

    Attributes:
        taken: number of lines that workers have taken.
        lines: bytes of all lines.
    """

    taken: Synchronized[int]
    lines: Any


class _Own:
    """The line of this process, if it is a worker."""

    status: WorkerStatus | None = None
    row = 0


def create(context: SpawnContext, workers: int) -> WorkerStatus:
    """Room for so many workers."""
    return WorkerStatus(context.Value("i", 0), context.Array("c", workers * _LENGTH, lock=False))


def join(status: WorkerStatus) -> None:
    """Take a line; to be called once in each worker."""
    with status.taken.get_lock():
        _Own.status, _Own.row = status, status.taken.value
        status.taken.value += 1


def note(model: str, sample: str) -> None:
    """Say which model and picture this process is at; nothing happens in a process that is no worker."""
    if _Own.status is not None:
        text = f"{os.getpid()} model {model}, picture {sample}".encode()[: _LENGTH - 1]
        start = _Own.row * _LENGTH
        _Own.status.lines[start : start + _LENGTH] = text.ljust(_LENGTH, b"\0")


def killed(status: WorkerStatus) -> ModelFailure:
    """The failure that a worker was killed.

    A worker that was killed is gone; the others are ended after that and may be gone too, so that several may be named.
    """
    lines = [status.lines[row * _LENGTH : (row + 1) * _LENGTH] for row in range(len(status.lines) // _LENGTH)]
    texts = [line.rstrip(b"\0").decode("utf-8", "replace").partition(" ") for line in lines]
    places = [text for process, _, text in texts if process and not Path(f"/proc/{process}").exists()]
    at = " or ".join(places or [text for _, _, text in texts if text]) or "before the first picture"
    fix = "Use fewer --workers. What is recorded stays; the same command goes on."
    return ModelFailure("each worker", "run to its end", f"one that was killed (out of memory?) at {at}", fix)
