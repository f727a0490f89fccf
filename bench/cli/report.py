"""`spgbench report`: tables, plots and grids from the records."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.console.run_table import show_run
from bench.cli.console.session import say, session, warn
from bench.cli.console.stopping import stoppable
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.records import Run

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
    evaluators: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="Show the run under the rules of other evaluators, too, separated by commas: lama, mat, brushbench, "
            "torchmetrics, ...; see `spgbench ls metrics`. What is not recorded is measured on kept fills.",
            show_default=False,
        ),
    ] = None,
    data_root: options.DataRoot = None,
    device: options.Device = "auto",
    intervals: Annotated[bool, typer.Option("--intervals", help="Print 95 % intervals in LaTeX tables, too.")] = False,
) -> None:
    """Make tables, plots, grids and the page again from the records; runs no model, and needs torch for --as alone.

    Example: spgbench report results/quick
    """
    from bench import reporting
    from bench.records import read_run
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.tables.evaluators import evaluator_tables
    from bench.reporting.tables.markdown import markdown_table

    session.out = out
    rules = _evaluators(evaluators, layout)
    run = read_run(out)
    if rules:
        run = _with_rules(run, rules, data_root, device)
    analysis = RunAnalysis(run, options.names(metrics), options.names(regions), rules)
    if layout is Layout.paper:
        text, files = reporting.paper_layout(analysis, options.names(protocols), intervals=intervals)
        typer.echo(text)
    else:
        files = reporting.report(analysis, intervals=intervals, profile=profile)
        show_run(analysis)
        for table in evaluator_tables(analysis):
            typer.echo(f"\n{markdown_table(table, intervals=False)}")
    say(f"{len(files)} {'tables' if layout is Layout.paper else 'tables, plots and grids'} in {out}")
    if run.missing:
        warn(f"{len(run.missing)} cells are not whole yet; the same run command goes on.")


def _evaluators(text: str | None, layout: Layout) -> tuple[str, ...]:
    """The evaluators that `--as` names; raises UsageError where it names none, or where they would not be shown."""
    from bench.metrics.translations import EVALUATORS, find_evaluators

    if text is None:
        return ()
    if layout is Layout.paper:
        raise UsageError("--as", "go with the full layout", "--layout paper", "Leave out one of the two.")
    found = find_evaluators(options.names(text) or ())
    if not found:
        raise UsageError("--as", f"name some of {', '.join(EVALUATORS)}", repr(text))
    return found


def _with_rules(run: Run, evaluators: tuple[str, ...], data_root: str | None, device: str) -> Run:
    """The run with the metrics of these evaluators; what it lacks is measured on the fills that it kept."""
    from bench.metrics import MetricKey
    from bench.metrics.translations import translations_of

    recorded = {MetricKey.parse(key).metric for key in run.info.metrics}
    wanted = [metric.name for evaluator in evaluators for metric in translations_of(evaluator)]
    lacking = [name for name in wanted if name not in recorded]  # weights that were missing may be at hand now
    if not lacking:
        return run
    from bench.evaluation.rescore import rescore_run

    try:
        with stoppable("every picture that was finished is kept"):
            outcome = rescore_run(
                run.layout.out, lacking, data_root=data_root, device=device, progress=not session.quiet
            )
    except UsageError as error:
        if not recorded & {*wanted}:
            raise
        warn(f"{', '.join(lacking)}: not measured: {error}")
        return run
    for warning in outcome.warnings:
        warn(warning)
    return outcome.run
