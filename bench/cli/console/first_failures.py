"""Where each failing model failed first, for the end of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.records import Failures, Run

__all__ = ["first_failures"]

_LINES = 6


def first_failures(run: Run) -> Iterator[str]:
    """For each model with failed samples one picture, the reason and the end of the traceback."""
    found: dict[str, Failures] = {}
    for key, cell in run.cells.items():
        for failures in cell.failures:
            if failures.status == "failed":
                found.setdefault(key.model, failures)
    for model, failures in found.items():
        lines = failures.traceback.splitlines()
        shown = ["...", *lines[-_LINES:]] if len(lines) > _LINES else lines
        first = f"model {model} failed at picture {failures.samples[0]}: {' '.join(failures.reason.split())}"
        yield "\n".join([first, *(f"    {line}" for line in shown)])
