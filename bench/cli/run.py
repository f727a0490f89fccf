"""`spgbench run`: the main job."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.failures import first_failures

if TYPE_CHECKING:
    from bench.evaluation import RunOutcome
    from bench.evaluation.suite import Suite

__all__ = ["execute", "run"]


class ReuseChoice(StrEnum):
    """What to do with existing records."""

    only_missing = "only-missing"
    never = "never"
    only_cache = "only-cache"


def run(
    suite: Annotated[str, typer.Argument(help="A suite of `spgbench ls suites`, or a YAML file.")] = "quick",
    models: Annotated[str | None, typer.Option(help="Models, separated by commas; NAME=MODEL names a row.")] = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    metrics: options.Metrics = None,
    judge: options.Judge = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    workers: Annotated[int, typer.Option(min=1, help="Number of processes; results do not depend on it.")] = 1,
    reuse: Annotated[
        ReuseChoice,
        typer.Option(help="Existing records: use them, ignore them and run all cells, or use them and run nothing."),
    ] = (ReuseChoice.only_missing),
    out: options.Out = None,
) -> None:
    """Fill holes with models, score them, write tables, plots and grids.

    Records are reused: the same command continues an interrupted run.

    Example: spgbench run standard --dataset camvid --data-root DIR --models telea,patchmatch -o results/camvid
    """
    from bench.evaluation.suite import read_suite

    resolved = options.change_suite(
        read_suite(suite),
        models=models,
        dataset=dataset,
        data_root=data_root,
        split=split,
        size=size,
        limit=limit,
        protocols=protocols,
        metrics=metrics,
        judge=judge,
        seed=seed,
    )
    execute(resolved, out or Path("results") / resolved.name, device=device, workers=workers, reuse=reuse)


def execute(
    suite: Suite, out: Path, *, device: str, workers: int = 1, reuse: ReuseChoice = ReuseChoice.only_missing
) -> None:
    """Run, report, print the main table; exit 1 when samples failed."""
    from bench.evaluation import run_suite
    from bench.reporting import main_table, report
    from bench.reporting.analysis import RunAnalysis

    outcome = run_suite(suite, out, device=device, workers=workers, reuse=reuse.value, progress=True)
    for warning in outcome.warnings:
        typer.echo(f"warning: {warning}", err=True)
    analysis = RunAnalysis(outcome.run)
    files = report(analysis)
    typer.echo(main_table(analysis))
    typer.echo(f"{len(files)} files made from the records; open {files[-1]}", err=True)
    typer.echo(_spent(outcome), err=True)
    for line in first_failures(outcome.run):
        typer.echo(line, err=True)
    if outcome.failed:
        typer.echo(f"spgbench: {outcome.failed} samples failed; the table's foot says why.", err=True)
        raise typer.Exit(1)


def _spent(outcome: RunOutcome) -> str:
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.phases.seconds.items())
    return f"{outcome.wall:.1f} s in all" + (f": {parts}" if parts else ", everything was recorded already")
