"""The main table as a picture: means with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.fonts import printable
from bench.reporting.plots.style import MAX_WIDTH, add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["interval_columns", "intervals_plot"]

_PANEL = 2.3  # inches


def interval_columns(analysis: RunAnalysis) -> list[Sequence[Column]]:
    """The metrics of each plot, so many as fit side by side."""
    columns = analysis.headline_columns
    names = names_width(model.title for model in analysis.models)
    most = max(1, int((MAX_WIDTH - 0.4 - names) / _PANEL))
    return [columns[start : start + most] for start in range(0, len(columns), most)]


def intervals_plot(analysis: RunAnalysis, columns: Sequence[Column]) -> Figure | None:
    """A row of panels a protocol, a column a metric on one scale; None without a whole cell."""
    run = analysis.run
    protocols = [name for name in run.info.protocols if any(key.protocol == name for key in run.cells)]
    if not columns or not protocols:
        return None
    names = [model.title for model in analysis.models]
    height = 0.5 + len(protocols) * (0.45 + 0.19 * len(names))
    figure = new_figure(0.4 + names_width(names) + _PANEL * len(columns), height)
    panels = figure.subplots(len(protocols), len(columns), sharex="col", sharey=True, squeeze=False)
    for protocol, line in zip(protocols, panels, strict=True):
        for column, axes in zip(columns, line, strict=True):
            _draw(axes, analysis, protocol, column)
        line[0].set(yticks=range(len(names)), ylim=(len(names) - 0.5, -0.5))
        line[0].set_yticklabels([printable(name) for name in names])
        line[0].set_title(printable(protocol), loc="left", fontweight="bold")
    for column, axes in zip(columns, panels[-1], strict=True):
        axes.set_xlabel(column.axis_title)
    add_note(figure, "Marks: means over pictures; bars: their 95 % bootstrap intervals.")
    return figure


def _draw(axes: Axes, analysis: RunAnalysis, protocol: str, column: Column) -> None:
    rows = {model.key: row for row, model in enumerate(analysis.models)}
    bars, colors = [], []
    for key, cell in analysis.run.cells.items():
        score = cell.metrics.get(column.key)
        if key.protocol == protocol and score and score.value is not None:
            row = rows[key.model, key.fingerprint]
            style = look(row)
            bars.append([(end, row) for end in score.ci95 or (score.value, score.value)])
            colors.append(style.color)
            axes.plot(score.value, row, color=style.color, marker=style.marker, markersize=4, linestyle="none")
    axes.add_collection(LineCollection(bars, colors=colors, linewidths=1.8, capstyle="butt"))
