"""Which weights ship, by a rule that was fixed before the training: `python -m tests.support.choose_weights RUN A B`.

RUN holds the rows A (shipped so far) and B (sharp) on `val` under center-50, random-rect and freeform, with psnr,
seam-gradient, seam-colour and judge-boundary-f. A picture's value is its mean over the three protocols.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import typer

from bench.gating.selection import Selection
from bench.records import read_run
from bench.records.values import Floats
from bench.statistics import holm
from bench.statistics.clusters import cluster_sums
from bench.statistics.decisions import sign_test_p
from bench.statistics.intervals import cluster_intervals
from bench.statistics.paired import sign_flip_p

__all__ = ["BETTER", "Decision", "decide"]

PROTOCOLS = ("center-50@1", "random-rect@1", "freeform@1")
BETTER = ("judge-boundary-f.hole", "seam-gradient.hole", "seam-colour.hole")
"""What must improve significantly for B to replace A."""

PSNR = "psnr.hole"
LEVEL, MOST_LOST = 0.05, 0.5  # dB


@dataclass(frozen=True)
class Decision:
    """The rule's answer.

    Attributes:
        ships: `replace` (B in place of A), `both`, or `neither` (A stays alone).
        lines: the figures that led to it.
    """

    ships: Literal["replace", "both", "neither"]
    lines: tuple[str, ...]


def decide(gains: dict[str, Floats]) -> Decision:
    """Apply the rule.

    Args:
        gains: of B over A by `metric.region`, positive where B is better; float64 [pictures].
    """
    means = {name: float(values.mean()) for name, values in gains.items()}
    p = holm([float(sign_flip_p(cluster_sums(gains[name]))[0]) for name in BETTER])
    lines = []
    for name, corrected in zip(BETTER, p, strict=True):
        low, high = cluster_intervals(cluster_sums(gains[name]))
        lines.append(f"{name}: gain {means[name]:.2f} [{low[0]:.2f}, {high[0]:.2f}], p after Holm {corrected:.2g}")
    lines.append(f"{PSNR}: change {means[PSNR]:.2f} dB")
    wins, losses = int((gains[BETTER[0]] > 0).sum()), int((gains[BETTER[0]] < 0).sum())
    p_sign = sign_test_p(wins, losses)
    lines.append(f"{BETTER[0]}: ahead on {wins} pictures, behind on {losses}, sign test p {p_sign:.2g}")
    if all(means[name] > 0 and q <= LEVEL for name, q in zip(BETTER, p, strict=True)) and means[PSNR] >= -MOST_LOST:
        return Decision("replace", tuple(lines))
    return Decision("both" if wins > losses and p_sign <= LEVEL else "neither", tuple(lines))


def gains_of(run: Path, baseline: str, candidate: str) -> dict[str, Floats]:
    """Gains of the candidate, a mean over the protocols for each picture, of pictures that have every value."""
    selection = Selection(read_run(run))
    totals: dict[str, dict[str, list[float]]] = {name: {} for name in (*BETTER, PSNR)}
    for protocol in PROTOCOLS:
        a, b = selection.values(baseline, protocol), selection.values(candidate, protocol)
        if a is None or b is None:
            raise typer.BadParameter(f"{run} must hold {baseline} and {candidate} under {protocol}, whole")
        for name, by_picture in totals.items():
            sign = 1.0 if a.scores[name].higher_is_better else -1.0
            change = sign * (b.counted[name][[b.row[sample] for sample in a.samples]] - a.counted[name])
            for sample, value in zip(a.samples, change, strict=True):
                by_picture.setdefault(sample, []).append(float(value))
    means = {name: np.array([np.mean(values) for values in pictures.values()]) for name, pictures in totals.items()}
    usable = np.all([np.isfinite(values) for values in means.values()], axis=0)
    return {name: values[usable] for name, values in means.items()}


def main(run: Path, baseline: str, candidate: str) -> None:
    """Print the figures and the decision."""
    decision = decide(gains_of(run, baseline, candidate))
    typer.echo("\n".join([*decision.lines, f"ships: {decision.ships}"]))


if __name__ == "__main__":
    typer.run(main)
