"""What guidance is worth over pictures and trainings: `python -m tests.support.guidance_claims RUN unguided spgnet`.

RUN holds rows `NAME-seed-0`, `NAME-seed-1` ... of both names: trainings of one recipe that differ in nothing but their
seed. Rows of other names are given one by one, separated by commas. Prints a Markdown table, one line a metric and
protocol; the last column says whether the interval of the difference lies on the better side of 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer

from bench.gating.selection import Selection
from bench.records import Run, read_run
from bench.records.values import CellValues, Floats
from bench.reporting.tables.markdown import markdown_grid
from bench.statistics.training_seeds import SeedDifference, difference_over_seeds

__all__ = ["METRICS", "Claim", "claims", "claims_table"]

METRICS = (
    "psnr.hole",
    "psnr.boundary",
    "l1.hole",
    "gradient.hole",
    "seam-gradient.hole",
    "seam-colour.hole",
    "judge-accuracy.hole",
    "judge-miou.hole",
    "judge-boundary-f.hole",
)


@dataclass(frozen=True)
class Claim:
    """One metric under one protocol.

    Attributes:
        protocol, metric: the question.
        unit: of the values.
        means: of both recipes, over pictures and seeds.
        found: the difference, second minus first.
        holds: whether the second recipe is better, with an interval that excludes 0; None: neither is.
    """

    protocol: str
    metric: str
    unit: str
    means: tuple[float, float]
    found: SeedDifference
    holds: bool | None


def claims(run: Run, first: str, second: str, metrics: Sequence[str] = METRICS) -> list[Claim]:
    """Every question that the run can answer; raises BadParameter for fewer than two rows of a recipe."""
    found = []
    for protocol in run.info.protocols:
        a, b = (_trainings(run, name, protocol) for name in (first, second))
        found += [_claim(protocol, name, a, b) for name in metrics if name in a[0].scores]
    return found


def claims_table(found: Sequence[Claim], first: str, second: str) -> str:
    """The claims as Markdown."""
    heads = ["protocol", "metric", first, second, "difference", "better?"]
    rows = []
    for claim in found:
        low, high = claim.found.ci95
        difference = f"{claim.found.difference:+.2f} [{low:+.2f}, {high:+.2f}] {claim.unit}".rstrip()
        answer = {True: "yes", False: "no: worse", None: "no: not told apart"}[claim.holds]
        metric = claim.metric.replace(".", ", ")
        rows.append([claim.protocol, metric, *(f"{mean:.2f}" for mean in claim.means), difference, answer])
    return markdown_grid(heads, rows)


def _claim(protocol: str, metric: str, first: list[CellValues], second: list[CellValues]) -> Claim:
    a, b = _values(first, metric), _values(second, metric)
    score, found = first[0].scores[metric], difference_over_seeds(a, b, first[0].pictures)
    whole = np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0)
    low, high = found.ci95
    better = (low > 0) if score.higher_is_better else (high < 0)
    worse = (high < 0) if score.higher_is_better else (low > 0)
    means = float(a[:, whole].mean()), float(b[:, whole].mean())
    return Claim(protocol, metric, score.unit, means, found, True if better else False if worse else None)


def _trainings(run: Run, name: str, protocol: str) -> list[CellValues]:
    """The cells of all trainings of a recipe."""
    every = [model.name for model in run.info.models]
    seeds = re.compile(rf"{re.escape(name)}-seed-\d+")
    rows = name.split(",") if "," in name else [row for row in every if seeds.fullmatch(row)]
    cells = [Selection(run).values(row, protocol) for row in rows]
    if len(cells) < 2 or None in cells:
        raise typer.BadParameter(f"{run.layout.out} must hold two or more whole rows {name}-seed-N; found {rows}")
    return [cell for cell in cells if cell is not None]


def _values(cells: list[CellValues], metric: str) -> Floats:
    """One metric, float64 [trainings, pictures], the pictures in the order of the first training."""
    rows = [[cell.counted[metric][cell.row[sample]] for sample in cells[0].samples] for cell in cells]
    return np.array(rows, dtype=np.float64)


def main(run: Path, first: str, second: str) -> None:
    """Print the table."""
    typer.echo(claims_table(claims(read_run(run), first, second), first, second), nl=False)


if __name__ == "__main__":
    typer.run(main)
