"""`spgbench report`: tables, plots and grids from the records."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.run_table import show_run
from bench.cli.console.session import say, session, warn

__all__ = ["report"]


class Layout(StrEnum):
    """What to make."""

    full = "full"
    paper = "paper"


def report(
    out: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    layout: Annotated[
        Layout,
        typer.Option(
            help="full: all tables, plots and pages. paper: one table of L1, SSIM and PSNR of whole pictures."
        ),
    ] = Layout.full,
    protocols: Annotated[
        str | None, typer.Option(help="Protocols of the paper's table, separated by commas.", show_default=False)
    ] = None,
    metrics: options.Metrics = None,
    regions: options.Regions = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            help="Output folder of a profile of these models; by default OUT, if it holds a profile.",
            show_default=False,
        ),
    ] = None,
    intervals: Annotated[bool, typer.Option("--intervals", help="Print 95 % intervals in LaTeX tables, too.")] = False,
) -> None:
    """Make tables, plots, grids and the page again from the records; runs no model and does not need torch.

    Example: spgbench report results/quick
    """
    from bench import reporting
    from bench.records import read_run
    from bench.reporting.analysis import RunAnalysis

    session.out = out
    run = read_run(out)
    analysis = RunAnalysis(run, options.names(metrics), options.names(regions))
    if layout is Layout.paper:
        text, files = reporting.paper_layout(analysis, options.names(protocols), intervals=intervals)
        typer.echo(text)
    else:
        files = reporting.report(analysis, intervals=intervals, profile=profile)
        show_run(analysis)
    say(f"{len(files)} {'tables' if layout is Layout.paper else 'tables, plots and grids'} in {out}")
    if run.missing:
        warn(f"{len(run.missing)} cells are not whole yet; the same run command goes on.")
