"""`spgbench run`: the main job."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.console.run_table import show_run
from bench.cli.console.session import say, session, warn
from bench.errors import UsageError

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
    context: typer.Context,
    suite: Annotated[
        str | None,
        typer.Argument(
            help="A suite of `spgbench ls suites`, or a YAML file; quick if an option is given.", show_default=False
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(help="Models, separated by commas; NAME=MODEL names a row.", rich_help_panel=options.SCORING),
    ] = None,
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
    workers: Annotated[
        int,
        typer.Option(
            parser=options.Bounds("--workers", int, 1), help="Number of processes; results do not depend on it."
        ),
    ] = 1,
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

    if not context.args and all(context.get_parameter_source(name).name == "DEFAULT" for name in context.params):
        raise _nothing_asked()
    resolved = options.change_suite(
        read_suite(suite or "quick"),
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
    execute(
        resolved,
        out or Path("results") / resolved.name,
        device=device,
        workers=workers,
        reuse=reuse,
        asked=options.names(metrics),
    )


def execute(
    suite: Suite,
    out: Path,
    *,
    device: str,
    workers: int = 1,
    reuse: ReuseChoice = ReuseChoice.only_missing,
    asked: tuple[str, ...] | None = None,
) -> None:
    """Run, report, print the main table, the metrics `asked` for first; exit 1 when samples failed."""
    from bench.evaluation import run_suite
    from bench.reporting import report
    from bench.reporting.analysis import RunAnalysis

    session.out = out
    outcome = run_suite(suite, out, device=device, workers=workers, reuse=reuse.value, progress=not session.quiet)
    for warning in outcome.warnings:
        warn(warning)
    analysis = RunAnalysis(outcome.run)
    files = report(analysis)
    show_run(analysis, asked)
    say(f"{len(files)} files made from the records; open {files[-1]}")
    say(_spent(outcome))
    if outcome.failed:
        typer.echo(f"spgbench: {outcome.failed} samples failed; the table's foot says why.", err=True)
        raise typer.Exit(1)


def _spent(outcome: RunOutcome) -> str:
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.phases.seconds.items())
    return f"{outcome.wall:.1f} s in all" + (f": {parts}" if parts else ", everything was recorded already")


def _nothing_asked() -> UsageError:
    """What `spgbench run` alone can be meant to do."""
    from bench.evaluation.suite import SUITES

    suites = "; ".join(f"{entry.name}: {entry.summary}" for entry in SUITES)
    example = "spgbench run quick --models telea,mean -o results/first"
    return UsageError("run", "name a suite, or at least one option", "neither", f"Suites: {suites}. Example: {example}")
