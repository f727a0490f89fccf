"""`spgbench report`: tables, plots and grids from the records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(out: Annotated[Path, typer.Argument(help="Output folder of a run.")]) -> None:
    """Make tables, plots and grids again from the records; runs no model and does not need torch.

    Example: spgbench report results/quick
    """
    from bench import reporting
    from bench.records import read_run

    run = read_run(out)
    files = reporting.report(out)
    typer.echo(reporting.main_table(run))
    typer.echo(f"{len(files)} files made from the records; open {files[-1]}", err=True)
    if run.missing:
        typer.echo(f"warning: {len(run.missing)} cells are not whole yet; the same run command goes on.", err=True)
