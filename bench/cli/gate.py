"""`spgbench gate`: may the candidate replace the baseline?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["gate"]


def gate(
    baseline: Annotated[str, typer.Argument(help="OUT, a run's folder, or OUT:MODEL, one model of it.")],
    candidate: Annotated[str, typer.Argument(help="The same; models are paired by name.")],
    fail: Annotated[
        list[str] | None,
        typer.Option(help="Margin of the paired gate, METRIC.REGION:AMOUNT; repeatable.", show_default=False),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Take the margins of this suite, not those the baseline was run with.", show_default=False),
    ] = None,
    golden: Annotated[
        bool | None,
        typer.Option(
            "--golden/--paired", help="One gate for all; otherwise golden where fingerprints agree.", show_default=False
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(help="Tolerance of the golden gate, METRIC.REGION:AMOUNT; repeatable.", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option(help="Inconclusive is exit 1 too.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a comment for a pull request.", show_default=False)
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    github: Annotated[
        bool | None,
        typer.Option(help="Annotations on stderr; as a rule when GITHUB_ACTIONS is set.", show_default=False),
    ] = None,
) -> None:
    """Fail when a candidate is worse than the baseline, and only then: exit 0, 1 (regression) or 2 (not comparable).

    Golden: same weights, every picture's numbers must be the same. Paired: other weights, no mean may be worse than its
    margin; PASS, REGRESSION, or INCONCLUSIVE with the number of pictures needed. Margins are of the suite that the
    baseline was run with, unless --suite or --fail name others.

    Example: spgbench gate results/main results/branch --fail psnr.hole:0.05dB --fail ssim.hole:0.002
    """
    import json

    from bench import gating
    from bench.gating import ci_reports, gate_report
    from bench.records import write_atomically

    result = gating.gate(
        gating.select(baseline),
        gating.select(candidate),
        dict(gating.parse_limit(text) for text in fail) if fail else None,
        golden=golden,
        suite=_margins_of(suite),
        tolerances=dict(gating.parse_limit(text, "--tolerance") for text in tolerance) if tolerance else None,
    )
    if markdown is not None:
        write_atomically(markdown, gate_report.as_markdown(result))
    if junit is not None:
        write_atomically(junit, ci_reports.as_junit(result, strict=strict))
    if as_json:
        typer.echo(json.dumps(result.as_json(), allow_nan=False, indent=1))
    else:
        typer.echo(gate_report.as_text(result), nl=False)
    if github if github is not None else bool(os.environ.get("GITHUB_ACTIONS")):
        typer.echo(ci_reports.as_annotations(result), err=True, nl=False)
    code = result.exit_code(strict=strict)
    if code:
        typer.echo(f"spgbench: {gate_report.summary(result)}", err=True)
        raise typer.Exit(code)
    if result.verdict == "INCONCLUSIVE":
        typer.echo(f"warning: {gate_report.summary(result)}", err=True)


def _margins_of(suite: str | None) -> dict[str, str] | None:
    if suite is None:
        return None
    from bench.evaluation.suite import read_suite

    return dict(read_suite(suite).gate)
