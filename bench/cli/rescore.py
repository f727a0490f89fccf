"""`spgbench rescore`: more metrics of a run, from the fills that it kept."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.session import session
from bench.cli.console.stopping import stoppable
from bench.cli.run import show

__all__ = ["rescore"]


def rescore(
    out: Annotated[Path, typer.Argument(help="Output folder of a run that was made with --keep-fills.")],
    metrics: Annotated[str, typer.Option(help="Metrics to add, separated by commas.")],
    data_root: options.DataRoot = None,
    judge: options.Judge = None,
    device: options.Device = "auto",
    report: options.Report = True,
) -> None:
    """Add metrics to a run without running its models: they are measured on the fills that the run kept.

    Example: spgbench rescore results/quick --metrics ms-ssim
    """
    from bench.evaluation.rescore import rescore_run

    start = time.perf_counter()
    session.out = out
    with stoppable("every picture that was finished is kept"):
        outcome = rescore_run(
            out,
            options.names(metrics) or (),
            data_root=data_root,
            judge=judge,
            device=device,
            progress=not session.quiet,
        )
        show(
            outcome.run,
            outcome.warnings,
            outcome.phases.seconds,
            start,
            str(outcome.gpu or ""),
            asked=options.names(metrics),
            with_report=report,
        )
