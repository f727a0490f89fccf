"""The figures of a reference's spread, by metric, in Markdown: `python -m tests.support.spread_figures RUN`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from bench.gating.rounding import SPREAD_MULTIPLE
from bench.records import read_run
from bench.records.spread import Spread, read_spread


def table(spread: Spread) -> str:
    """Over all samples of all rows: largest spread, effects of the flips, largest ratio of the two."""
    names = sorted({name for cell in spread.cells.values() for name in cell.metrics})
    heads = ("metric", "largest spread", "median flips", "largest flips", "largest spread / flips", "set by the spread")
    lines = [f"| {' | '.join(heads)} |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *(_line(spread, name) for name in names)]) + "\n"


def _line(spread: Spread, name: str) -> str:
    metrics = [cell.metrics[name] for cell in spread.cells.values()]
    moved, flips = (np.concatenate([getattr(metric, part) for metric in metrics]) for part in ("spread", "flips"))
    ratio = np.divide(moved, flips, out=np.zeros_like(moved), where=flips > 0)
    share = f"{np.count_nonzero(SPREAD_MULTIPLE * moved > flips)} of {len(moved)}"
    numbers = (moved.max(), np.median(flips), flips.max())
    return f"| {name} | " + " | ".join(f"{number:.1e}" for number in numbers) + f" | {ratio.max():.2f} | {share} |"


def main(run: Path) -> None:
    spread = read_spread(read_run(run))
    typer.echo("no spread" if spread is None else table(spread), nl=spread is None)


if __name__ == "__main__":
    typer.run(main)
