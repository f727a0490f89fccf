"""`spgbench compare`: candidate against baseline on the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.compare_table import show_comparison
from bench.cli.console.outputs import output_file
from bench.cli.options import OUTPUT

__all__ = ["compare"]


def compare(
    baseline: Annotated[str, typer.Argument(help="OUT, a run's folder, or OUT:MODEL, one model of it.")],
    candidates: Annotated[
        list[str] | None,
        typer.Argument(help="The candidates, in the same form; by default the other models of the baseline's folder."),
    ] = None,
    metrics: options.Metrics = None,
    regions: options.Regions = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=OUTPUT)] = False,
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="Also write the tables as Markdown.",
            rich_help_panel=OUTPUT,
            show_default=False,
            parser=output_file("--markdown"),
        ),
    ] = None,
    wilcoxon: Annotated[bool, typer.Option(help="Also compute the Wilcoxon signed-rank test (in --json).")] = False,
) -> None:
    """Compare runs or models, paired by picture, for every metric and region; the first is the baseline.

    Prints for each metric whether the candidate is worse, better or unclear (not distinguishable), and what is failing,
    fixed or incomparable. For incomparable numbers the difference is named, and the exit code is 2. All tests are
    corrected together: with --metrics and --regions they are fewer, and each can find more.

    Example: spgbench compare results/quick:telea results/quick:patchmatch
    """
    import json

    from bench import gating
    from bench.gating import comparison_page
    from bench.records import write_atomically

    first, rest = gating.select(baseline), [gating.select(candidate) for candidate in candidates or ()]
    if not rest:
        first, rest = gating.others(first)
    comparison = gating.compare(
        first, *rest, metrics=options.names(metrics), regions=options.names(regions), wilcoxon=wilcoxon
    )
    if markdown is not None:
        write_atomically(markdown, comparison_page.as_markdown(comparison))
    if as_json:
        typer.echo(json.dumps(comparison_page.as_json(comparison), allow_nan=False, indent=1))
    else:
        show_comparison(comparison, options.names(metrics))
    for refusal in comparison.refused:
        typer.echo(f"spgbench: not comparable: {refusal}", err=True)
    if comparison.refused:
        raise typer.Exit(2)
