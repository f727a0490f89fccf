"""The main table as a picture: means with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection

from bench.records import Run
from bench.reporting.measures import Measure
from bench.reporting.naming import model_names
from bench.reporting.style import add_note, look, names_width, new_figure, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["intervals"]


def intervals(run: Run, measures: Sequence[Measure]) -> Figure | None:
    """A row of panels a protocol, a column a metric on one scale; None without a whole cell."""
    cells = run.cells
    protocols = [name for name in run.info.protocols if any(key.protocol == name for key in cells)]
    if not measures or not protocols:
        return None
    names = model_names(run)
    height = 0.5 + len(protocols) * (0.45 + 0.19 * len(names))
    figure = new_figure(0.4 + names_width(names.values()) + 2.3 * len(measures), height)
    panels = figure.subplots(len(protocols), len(measures), sharex="col", sharey=True, squeeze=False)
    for protocol, line in zip(protocols, panels, strict=True):
        for measure, axes in zip(measures, line, strict=True):
            _draw(axes, run, protocol, measure)
        line[0].set(yticks=range(len(names)), ylim=(len(names) - 0.5, -0.5))
        line[0].set_yticklabels([printable(name) for name in names.values()])
        line[0].set_title(printable(protocol), loc="left", fontweight="bold")
    for measure, axes in zip(measures, panels[-1], strict=True):
        axes.set_xlabel(measure.title)
    add_note(figure, "Mean over pictures and its 95 % bootstrap interval.")
    return figure


def _draw(axes: Axes, run: Run, protocol: str, measure: Measure) -> None:
    rows = {model: row for row, model in enumerate(model_names(run))}
    bars, colors = [], []
    for key, cell in run.cells.items():
        score = cell.metrics.get(measure.key)
        if key.protocol == protocol and score and score.value is not None:
            row = rows[key.model, key.fingerprint]
            style = look(row)
            bars.append([(end, row) for end in score.ci95 or (score.value, score.value)])
            colors.append(style.color)
            axes.plot(score.value, row, color=style.color, marker=style.marker, markersize=4, linestyle="none")
    axes.add_collection(LineCollection(bars, colors=colors, linewidths=1.8, capstyle="butt"))
