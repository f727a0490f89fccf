"""`spgbench run`: the main job."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import execution, options
from bench.cli.console.first_failures import first_failures
from bench.cli.console.run_table import show_run
from bench.cli.console.session import say, session, warn
from bench.cli.console.shares import show_share
from bench.cli.console.stopping import stoppable
from bench.errors import Failure, UsageError
from bench.evaluation.merging.share import WHOLE, Share

if TYPE_CHECKING:
    from bench.evaluation.suite import Suite
    from bench.records import Run

__all__ = ["execute", "run", "show"]


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
    *,
    models: Annotated[
        str | None,
        typer.Option(help="Models, separated by commas; NAME=MODEL names a row.", rich_help_panel=options.SCORING),
    ] = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    split_list: options.SplitList = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    metrics: options.Metrics = None,
    judge: options.Judge = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    workers: execution.Workers = 1,
    executor: execution.Executor = execution.ExecutorChoice.local,
    ray_address: execution.RayAddress = None,
    executor_options: execution.ExecutorOptions = None,
    batch_timeout: Annotated[
        float | None,
        typer.Option(
            parser=options.Bounds("--batch-timeout", float, 0.001, 1e6),
            metavar="SECONDS",
            help="Time that a batch of pictures may take; a process that takes longer is ended. [default: no limit]",
            show_default=False,
        ),
    ] = None,
    reuse: Annotated[
        ReuseChoice,
        typer.Option(help="Existing records: use them, ignore them and run all cells, or use them and run nothing."),
    ] = (ReuseChoice.only_missing),
    keep_fills: Annotated[
        bool, typer.Option("--keep-fills", help="Keep the fill of every picture, for `spgbench rescore`.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be read, and count them.")
    ] = False,
    shard: Annotated[
        Share | None,
        typer.Option(
            parser=Share.parse,
            metavar="I/N",
            show_default=False,
            help="Run the I-th of N shares of the run; `spgbench merge` unites the folders of all N.",
        ),
    ] = None,
    report: options.Report = True,
    out: options.Out = None,
) -> None:
    """Fill holes with models, score them, write tables, plots and grids.

    Records are reused: the same command continues an interrupted run, and one with more pictures, protocols, models or
    metrics runs what is missing.

    Example: spgbench run standard --dataset camvid --data-root DIR --models telea,patchmatch -o results/camvid
    """
    from bench.evaluation.suite import read_suite

    if not context.args and all(_is_default(context, name) for name in context.params):
        raise _nothing_asked()
    resolved = options.change_suite(
        read_suite(suite or "quick"),
        models=models,
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
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
        engine=execution.Execution.of(workers, executor, ray_address, executor_options),
        batch_timeout=batch_timeout,
        reuse=reuse,
        asked=options.names(metrics),
        keep_fills=keep_fills,
        skip_bad=skip_bad,
        share=shard,
        with_report=report,
    )


def execute(
    suite: Suite,
    out: Path,
    *,
    device: str,
    engine: execution.Execution = execution.HERE,
    batch_timeout: float | None = None,
    reuse: ReuseChoice = ReuseChoice.only_missing,
    keep_fills: bool = False,
    skip_bad: bool = False,
    share: Share | None = None,
    with_report: bool = True,
    asked: tuple[str, ...] | None = None,
) -> None:
    """Run, report, print the main table with the metrics `asked` for in front.

    Exits with 1 when samples failed, with 3 when pictures are missing because their worker died, with 130 after Ctrl-C.
    """
    start = time.perf_counter()
    session.out = out
    with stoppable("every picture that was finished is kept"):
        from bench.evaluation.reuse.finished import find_finished, mark_finished
        from bench.records.files import remove_abandoned

        options = (keep_fills, skip_bad)
        share = share or WHOLE
        done = None if reuse is ReuseChoice.never or not share.is_whole else find_finished(suite, out, *options)
        if done:
            remove_abandoned(out)  # of commands that were killed when the run was whole
            show(done.run, done.warnings, {}, start, asked=asked, with_report=with_report)
            return
        from bench.evaluation import run_suite

        outcome = run_suite(
            suite,
            out,
            device=device,
            workers=engine.workers,
            executor=engine.remote_engine(out, device),
            batch_timeout=batch_timeout,
            reuse=reuse.value,
            keep_fills=keep_fills,
            skip_bad=skip_bad,
            share=share,
            progress=not session.quiet,
        )
        if outcome.run.missing and not share.is_whole:
            show_share(outcome, share, start)
            if outcome.lost:
                raise outcome.lost
            return
        mark_finished(suite, outcome.run, outcome.warnings, *options)
        show(
            outcome.run,
            outcome.warnings,
            outcome.phases.seconds,
            start,
            str(outcome.gpu or ""),
            asked=asked,
            with_report=with_report,
            lost=outcome.lost,
        )


def show(
    run: Run,
    warnings: Sequence[str],
    spent: dict[str, float],
    start: float,
    gpu: str = "",
    *,
    asked: tuple[str, ...] | None = None,
    with_report: bool = True,
    lost: Failure | None = None,
) -> None:
    """Report, print the main table, and say what was done; exit 1 when samples failed.

    Args:
        run: the records.
        warnings: what the user should know.
        spent: seconds by what they were spent on; empty when everything was recorded already.
        start: of the command, in seconds of `time.perf_counter`.
        gpu: how busy the GPU was, if there is one.
        asked: metrics whose columns stand in front.
        with_report: whether tables, plots and the page are made.
        lost: the failure that pictures are missing, raised in the end.
    """
    from bench.metrics.translations import evaluators_of
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.stamp import report_changes

    for warning in warnings:
        warn(warning)
    analysis = RunAnalysis(run)
    began = time.perf_counter()
    files = report_changes(analysis) if with_report else []
    show_run(analysis, asked)
    if files:
        say(f"{len(files)} files made from the records; open {files[-1]}")
    if rules := ",".join(evaluators_of(asked or ())):
        say(f"numbers under the rules of {rules} stand apart: spgbench report {run.layout.out} --as {rules}")
    now = time.perf_counter()
    say("; ".join(filter(None, (_spent(spent, now - began, now - start), gpu))))
    for line in first_failures(run):
        say(line)
    if lost:
        raise lost
    failed = sum(cell.n_failed for cell in run.cells.values())
    if failed:
        typer.echo(f"spgbench: {failed} samples failed; the table's foot says why.", err=True)
        raise typer.Exit(1)


def _spent(spent: dict[str, float], reported: float, wall: float) -> str:
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in (spent | {"tables and plots": reported}).items())
    return f"{wall:.1f} s in all: {parts}" + ("" if spent else "; everything was recorded already")


def _is_default(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is None or source.name == "DEFAULT"


def _nothing_asked() -> UsageError:
    """What `spgbench run` alone can be meant to do."""
    from bench.evaluation.suite import SUITES

    suites = "; ".join(f"{entry.name}: {entry.summary}" for entry in SUITES)
    example = "spgbench run quick --models telea,mean -o results/first"
    return UsageError("run", "name a suite, or at least one option", "neither", f"Suites: {suites}. Example: {example}")
