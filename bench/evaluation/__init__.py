"""Run cells: suites, shards, the one pass over the pictures, and `evaluate`, the main job as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.evaluation.run import RunOutcome, evaluate, run_suite

__all__ = ["RunOutcome", "evaluate", "run_suite"]


def __getattr__(name: str) -> Any:  # torch is imported on first use, so that `spgbench ls suites` answers at once
    if name in __all__:
        from bench.evaluation import run

        return getattr(run, name)
    raise AttributeError(name)
