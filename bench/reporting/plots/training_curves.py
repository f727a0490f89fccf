"""Curves of validation of several trainings made one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.records.training import TrainingRecord
from bench.reporting.plots.style import add_note, look, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["training_curves_plot"]

_TITLES = {
    "val.psnr.hole": "PSNR in the hole (dB) ↑",
    "val.miou.hole": "mIoU of labels in the hole ↑",
    "val.miou.known": "mIoU of labels outside ↑",
}

Curves = dict[str, list[tuple[list[float], list[float]]]]
"""Stage to its pieces, one a training: thousands of pictures seen, and values."""


def training_curves_plot(records: Sequence[TrainingRecord]) -> Figure:
    """A panel a score, a line a stage and training."""
    shown = {name: curves for name in _TITLES if (curves := _curves(records, name))}
    stages = list(dict.fromkeys(stage for curves in shown.values() for stage in curves))
    figure = new_figure(3.6 * max(1, len(shown)), 3.4)
    for index, (name, curves) in enumerate(shown.items()):
        axes = figure.add_subplot(1, len(shown), index + 1)
        for stage, pieces in curves.items():
            style = vars(look(stages.index(stage))) | {"markersize": 3.5}
            for number, (pictures, values) in enumerate(pieces):
                axes.plot(pictures, values, label=None if number else stage, **style)
        axes.set(title=_TITLES[name], xlabel="pictures seen by the stage (thousands)")
        axes.locator_params(axis="x", nbins=5)
        axes.legend()
    kinds = "; ".join(dict.fromkeys(record.pictures.replace(",", ", ") for record in records))
    note = "A line or a single mark is one training. Levels compare within one kind of pictures only:"
    add_note(figure, f"Scores on `val`, of the same kind as the training pictures. {note} {kinds}.")
    return figure


def _curves(records: Sequence[TrainingRecord], name: str) -> Curves:
    curves: Curves = defaultdict(list)
    seen: dict[str, float] = defaultdict(float)
    for record in records:
        for stage in record.card["stages"]:
            lines = [line for line in record.checks if (line["stage"], line["name"]) == (stage, name)]
            if lines:
                pictures = [seen[stage] + line["stage_step"] * record.batch_size / 1000 for line in lines]
                curves[stage].append((pictures, [line["value"] for line in lines]))
            seen[stage] += record.card["stages"][stage]["steps"] * record.batch_size / 1000
    return curves
