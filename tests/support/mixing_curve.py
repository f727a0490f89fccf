"""From SP-Net's labels to true ones: `python -m tests.support.mixing_curve OUT --dataset camvid --data-root DIR`.

Measures at which accuracy of the labels guidance begins to pay. Between the row `spgnet` and true labels, a share of
the hole has the true labels in place of SP-Net's: the regions where a smooth random field is highest
(`bench.models.label_mixture`). Outside the hole the labels are SP-Net's in every row. Every row with a share above 0 is
an oracle. OUT gets the run, mixing-curve.csv, mixing-curve.md and mixing-curve.png.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import numpy as np
import typer

import bench
import bench.data
from bench.data import parse_size
from bench.records import CellKey, Run
from bench.statistics import cluster_intervals, cluster_sums

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
UNGUIDED = "unguided"
MEASURES = {
    "psnr.hole": "PSNR, dB",
    "psnr.boundary": "PSNR near boundaries, dB",
    "judge-boundary-f.hole": "judged F, %",
}
ACCURACY = "label-accuracy.hole"
COLUMNS = ("protocol", "oracle share", "measure", "label accuracy %", "value", "gain", "low", "high", "pictures")


@dataclass(frozen=True)
class Point:
    """One measure of one row in one protocol.

    Attributes:
        protocol: of the holes.
        share: of the hole that has true labels; NaN for the unguided row.
        measure: key of MEASURES.
        accuracy: of the labels in the hole, percent.
        value: mean over the pictures.
        gain: mean paired difference to the unguided row.
        low, high: 95 % interval of the gain.
        pictures: in which both rows have a value.
    """

    protocol: str
    share: float
    measure: str
    accuracy: float
    value: float
    gain: float
    low: float
    high: float
    pictures: int

    @property
    def row(self) -> str:
        """For the table."""
        if math.isnan(self.share):
            return "no labels"
        return f"oracle, {self.share:.0%} of the hole" if self.share else "SP-Net's labels"


def models(weights: str | None, unguided: str | None) -> dict[str, str]:
    """Names of the catalogue by the names of the rows."""
    own = f"weights={weights}" if weights else ""
    rows = {name_of(share): "&".join(filter(None, (own, f"oracle_share={share}" * bool(share)))) for share in SHARES}
    named = {row: f"{row}=spgnet{'?' * bool(options)}{options}" for row, options in rows.items()}
    return {**named, UNGUIDED: f"{UNGUIDED}=spgnet:unguided{f'?weights={unguided}' if unguided else ''}"}


def name_of(share: float) -> str:
    """Name of a row."""
    return f"oracle-{round(100 * share)}" if share else "spgnet"


def points(run: Run) -> list[Point]:
    """All points of a run, by protocol, measure and share."""
    cells = {(key.protocol, key.model): key for key in run.cells}
    return [
        _point(run, cells, protocol, share, measure)
        for protocol in run.info.protocols
        for measure in MEASURES
        for share in (math.nan, *SHARES)
        if measure in run.info.metrics
    ]


def _point(run: Run, cells: Mapping[tuple[str, str], CellKey], protocol: str, share: float, measure: str) -> Point:
    name = UNGUIDED if math.isnan(share) else name_of(share)
    own, base = (_values(run, cells[protocol, row], measure) for row in (name, UNGUIDED))
    both = [(own[sample], base[sample]) for sample in sorted(own.keys() & base.keys())]
    pairs = np.array(both, dtype=np.float64).reshape(-1, 2)
    gains = cluster_sums(pairs[:, 0] - pairs[:, 1])
    low, high = cluster_intervals(gains)
    accuracy = list(_values(run, cells[protocol, name], ACCURACY).values())
    return Point(
        protocol,
        share,
        measure,
        float(np.mean(accuracy)) if accuracy else math.nan,
        float(pairs[:, 0].mean()),
        float(gains.means()[0]),
        float(low[0]),
        float(high[0]),
        len(pairs),
    )


def _values(run: Run, key: CellKey, measure: str) -> dict[str, float]:
    """Value by picture, of those that have one."""
    values = run.values(key)
    column = values.counted.get(measure, np.full(len(values.samples), math.nan))
    return {sample: float(one) for sample, one in zip(values.samples, column, strict=True) if math.isfinite(one)}


def write_csv(path: Path, found: list[Point]) -> None:
    """A line for each point."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in found:
            numbers = (one.accuracy, one.value, one.gain, one.low, one.high)
            share = "" if math.isnan(one.share) else one.share
            writer.writerow([one.protocol, share, one.measure, *(f"{n:.4f}" for n in numbers), one.pictures])


def markdown(found: list[Point]) -> str:
    """A table a protocol: rows by share, of each measure the value and the gain on the unguided row."""
    lines = []
    for protocol in dict.fromkeys(one.protocol for one in found):
        here = [one for one in found if one.protocol == protocol]
        heads = [MEASURES[name] for name in dict.fromkeys(one.measure for one in here)]
        lines += [f"\n**{protocol}**, {here[0].pictures} pictures\n"]
        lines += ["| labels in the hole | accuracy % | " + " | ".join(f"{h} | gain" for h in heads) + " |"]
        lines += ["|---|--:|" + "--:|--:|" * len(heads)]
        for row in dict.fromkeys(one.row for one in here):
            of_row = [one for one in here if one.row == row]
            accuracy = "" if math.isnan(of_row[0].accuracy) else f"{of_row[0].accuracy:.1f}"
            values = [f"{p.value:.2f} | {p.gain:+.2f} [{p.low:.2f}, {p.high:.2f}]" for p in of_row]
            lines.append(f"| {row} | {accuracy} | " + " | ".join(values) + " |")
    return "\n".join(lines).lstrip() + "\n"


def plot(path: Path, found: list[Point], title: str) -> None:
    """Gain on the unguided row over the accuracy of the labels: a panel a measure, a line a protocol."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    measures = list(dict.fromkeys(one.measure for one in found))
    figure, panels = plt.subplots(1, len(measures), figsize=(4.2 * len(measures), 3.6), squeeze=False)
    for axes, measure in zip(panels[0], measures, strict=True):
        for protocol in dict.fromkeys(one.protocol for one in found):
            line = [p for p in found if (p.measure, p.protocol) == (measure, protocol) and not math.isnan(p.share)]
            x, gains = [p.accuracy for p in line], [p.gain for p in line]
            bars = [[p.gain - p.low for p in line], [p.high - p.gain for p in line]]
            axes.errorbar(x, gains, bars, marker="o", capsize=2, label=protocol)
        axes.axhline(0, color="grey", linewidth=1)
        axes.set(xlabel="accuracy of the labels in the hole, %", ylabel="gain on no labels", title=MEASURES[measure])
    panels[0][0].legend(fontsize="small")
    figure.suptitle(f"{title}: leftmost SP-Net's labels, to the right oracle labels in more of the hole", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(
    out: Path,
    *,
    dataset: str = "streets",
    data_root: Annotated[str | None, typer.Option(help="Folder of the data set.")] = None,
    split: str = "test",
    limit: int = 40,
    size: str = "256",
    protocols: str = "center-50,random-rect,freeform",
    weights: Annotated[str | None, typer.Option(help="Of the guided model; none: those that ship.")] = None,
    unguided: Annotated[str | None, typer.Option(help="Of the unguided model; none: those that ship.")] = None,
    device: str = "auto",
) -> None:
    """Fill, score, and write table, plot and CSV."""
    data = bench.data.load(dataset, split, parse_size(size), data_root, limit)
    metrics = ["psnr", "label-accuracy", "judge-boundary-f"]
    names = list(models(weights, unguided).values())
    run = bench.evaluate(names, data, protocols.split(","), metrics, out, device=device)
    found = points(run)
    write_csv(out / "mixing-curve.csv", found)
    (out / "mixing-curve.md").write_text(markdown(found), encoding="utf-8")
    plot(out / "mixing-curve.png", found, f"{dataset} {split}, {len(data)} pictures")
    typer.echo((out / "mixing-curve.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    typer.run(main)
