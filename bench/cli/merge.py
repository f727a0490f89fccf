"""`spgbench merge`: the folders of shares of a run, or of runs with other models, to one run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.session import session
from bench.cli.console.shares import show_missing
from bench.cli.console.stopping import stoppable
from bench.cli.run import show
from bench.errors import UsageError

__all__ = ["merge"]


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of `spgbench run --shard I/N`, or of runs.")],
    report: options.Report = True,
    out: options.Out = None,
) -> None:
    """Unite shares of a run, which ran with --shard I/N, in one folder, and reduce every cell that became whole.

    Pictures and models are not needed. What is still missing is said; the same command with more folders goes on.

    Example: spgbench merge results/share-1 results/share-2 -o results/whole
    """
    from bench.evaluation.merging.merge import merge_runs

    if out is None:
        raise UsageError("-o", "name the folder of the merged run", "nothing", "Give -o DIR.")
    start = time.perf_counter()
    session.out = out
    with stoppable("the folders stay as they are; the same command goes on"):
        outcome = merge_runs(folders, out)
        show_missing(outcome)
        if outcome.run.cells:
            show(outcome.run, outcome.warnings, {"merge": time.perf_counter() - start}, start, with_report=report)
