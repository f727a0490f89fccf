"""What a failing model raised, once a model, for the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.records import Run

__all__ = ["failure_tracebacks"]

_LINES = 6


def failure_tracebacks(run: Run) -> Iterator[str]:
    """For each model with failed samples the last lines of one traceback, if any of its failures has one."""
    found: dict[str, tuple[str, str]] = {}
    for key, cell in run.cells.items():
        for failures in cell.failures:
            if failures.traceback:
                found.setdefault(key.model, (failures.samples[0], failures.traceback))
    for model, (sample, traceback) in found.items():
        lines = traceback.splitlines()
        shown = ["  ...", *lines[-_LINES:]] if len(lines) > _LINES else lines
        yield "\n".join([f"model {model} failed at picture {sample}:", *(f"  {line}" for line in shown)])
