"""`spgbench gate`: whether the candidate may replace the baseline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.outputs import output_file
from bench.cli.console.screen import Style, paragraph, screen_of_stdout, styled
from bench.cli.console.session import warn
from bench.cli.options import OUTPUT

__all__ = ["gate"]

_INDENT = 14
_COLOURS: dict[str, Style] = {
    "PASS": "green",
    "REGRESSION": "bold red",
    "INCONCLUSIVE": "yellow",
    "INCOMPARABLE": "bold red",
}


def gate(
    baseline: Annotated[str, typer.Argument(help="OUT, a run's folder, or OUT:MODEL, one model of it.")],
    candidate: Annotated[str, typer.Argument(help="The candidate, in the same form; models are paired by name.")],
    fail: Annotated[
        list[str] | None,
        typer.Option(help="Margin of the paired gate, METRIC.REGION:AMOUNT; repeatable.", show_default=False),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Suite with the margins; by default the suite of the baseline.", show_default=False),
    ] = None,
    regression: Annotated[
        bool | None,
        typer.Option(
            "--regression/--paired",
            "--golden",
            help="Use one gate for all models; by default the regression gate is used if the fingerprints are equal.",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(help="Tolerance of the regression gate, METRIC.REGION:AMOUNT; repeatable.", show_default=False),
    ] = None,
    latency: Annotated[
        list[str] | None,
        typer.Option(
            help="Limit of latency under load, p99<=50ms@20/s, by the candidate's load records; repeatable.",
            show_default=False,
        ),
    ] = None,
    metrics: options.Metrics = None,
    regions: options.Regions = None,
    strict: Annotated[bool, typer.Option(help="Exit with 1 for an inconclusive check, too.")] = False,
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="Write a comment for a pull request.",
            rich_help_panel=OUTPUT,
            show_default=False,
            parser=output_file("--markdown"),
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(
            help="Write JUnit XML.", rich_help_panel=OUTPUT, show_default=False, parser=output_file("--junit")
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=OUTPUT)] = False,
    github: Annotated[
        bool | None,
        typer.Option(
            help="Write GitHub annotations to stderr; by default if GITHUB_ACTIONS is set.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Fail when a candidate is worse than the baseline, and only then: exit 0, 1 (regression) or 2 (not comparable).

    The regression gate is for equal weights: every value of every picture must be the same within a tolerance. The
    paired gate is for other weights: no mean may be worse than its margin. It says PASS, REGRESSION, or INCONCLUSIVE
    with the number of pictures needed. The suite of the baseline has the margins, unless --suite or --fail is given.
    With --latency, every model of the candidate must also hold that load.

    Example: spgbench gate results/main results/branch --fail psnr.hole:0.05dB --fail ssim.hole:0.002
    """
    import json

    from bench import gating
    from bench.gating import ci_reports, gate_report
    from bench.records import write_atomically

    limits = [gating.LoadLimit.parse(text) for text in latency or ()]
    result = gating.gate(
        gating.select(baseline),
        gating.select(candidate),
        dict(gating.parse_limit(text) for text in fail) if fail else None,
        regression=regression,
        suite=_margins_of(suite),
        tolerances=dict(gating.parse_limit(text, "--tolerance") for text in tolerance) if tolerance else None,
        metrics=options.names(metrics),
        regions=options.names(regions),
        latency=limits,
    )
    if markdown is not None:
        write_atomically(markdown, gate_report.as_markdown(result))
    if junit is not None:
        write_atomically(junit, ci_reports.as_junit(result, strict=strict))
    if as_json:
        typer.echo(json.dumps(result.as_json(), allow_nan=False, indent=1))
    else:
        _show(gate_report.as_text(result))
    if github if github is not None else bool(os.environ.get("GITHUB_ACTIONS")):
        typer.echo(ci_reports.as_annotations(result), err=True, nl=False)
    code = result.exit_code(strict=strict)
    if code:
        typer.echo(f"spgbench: {gate_report.summary(result)}", err=True)
        raise typer.Exit(code)
    if result.verdict == "INCONCLUSIVE":
        warn(gate_report.summary(result))


def _show(text: str) -> None:
    """The lines as they are; in a terminal with the verdicts in colour and no longer than it is wide."""
    screen = screen_of_stdout()
    if screen is None:
        typer.echo(text, nl=False)
        return
    for line in text.splitlines():
        word = line.partition(" ")[0]
        wrapped = paragraph(line, screen, " " * _INDENT)
        typer.echo(styled(word, _COLOURS.get(word.rstrip(":"), ""), screen) + wrapped.removeprefix(word), nl=False)


def _margins_of(suite: str | None) -> dict[str, str] | None:
    if suite is None:
        return None
    from bench.evaluation.suite import read_suite

    return dict(read_suite(suite).gate)
