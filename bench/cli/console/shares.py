"""What a command says of a run that is not whole yet, because others run its other shares."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from bench.cli.console.session import say, warn

if TYPE_CHECKING:
    from bench.evaluation.merging.merge import MergeOutcome
    from bench.evaluation.merging.share import Share
    from bench.evaluation.run import RunOutcome

__all__ = ["show_missing", "show_share"]


def show_share(outcome: RunOutcome, share: Share, start: float) -> None:
    """Say what a share recorded; there is no table of cells that lack pictures. Exits with 1 when samples failed.

    Args:
        start: of the command, in seconds of `time.perf_counter`.
    """
    from bench.records.cell_store import read_results

    run = outcome.run
    for warning in outcome.warnings:
        warn(warning)
    layout = run.layout
    records = [found[-1].record for key in run.missing for found in read_results(layout, key).values()]
    failed = sum(record.status == "failed" for record in records)
    say(
        f"share {share} is done in {time.perf_counter() - start:.1f} s: {len(records)} pictures of {len(run.missing)} "
        f"cells that are not whole. Unite all {share.count} folders: spgbench merge FOLDER... -o OUT"
    )
    if failed:
        typer.echo(f"spgbench: {failed} samples failed; the merged run says why.", err=True)
        raise typer.Exit(1)


def show_missing(outcome: MergeOutcome) -> None:
    """Say what a merge lacks: shares, and pictures of each cell."""
    if outcome.shares:
        noun = "share" if len(outcome.shares) == 1 else "shares"
        warn(f"{noun} {', '.join(outcome.shares)} lacks pictures: run it with --shard, or merge its folder too")
    for one in outcome.missing:
        warn(str(one))
