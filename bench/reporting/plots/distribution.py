"""Per-image values of every model under every protocol: boxes over points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.values import Floats
from bench.reporting.fonts import printable
from bench.reporting.plots.style import MAX_WIDTH, add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["distribution_plot"]

_COLUMNS = 4
_PANEL = 2.4  # inches
_POINTS = 2000  # in a panel: more hide one another, and a PDF of more is slow to open
_GOLDEN = 0.6180339887498949


def distribution_plot(analysis: RunAnalysis, column: Column) -> Figure | None:
    """A panel a protocol, a line a model, one scale; None when no picture has a finite value of its own."""
    of_run = {name: of_protocol.values.get(column.key) for name, of_protocol in analysis.values.items()}
    every = {name: values for name, values in of_run.items() if values is not None}
    shown = {name: values for name, values in every.items() if np.isfinite(values).any()}
    if not shown:
        return None
    names = [model.title for model in analysis.models]
    fitting = int((MAX_WIDTH - 0.4 - names_width(names)) / _PANEL)
    rows = -(-len(shown) // max(1, min(_COLUMNS, fitting)))
    columns = -(-len(shown) // rows)
    figure = new_figure(0.4 + names_width(names) + _PANEL * columns, 0.5 + rows * (0.75 + 0.3 * len(names)))
    panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for axes, (protocol, values) in zip(panels, shown.items(), strict=False):
        axes.use_sticky_edges = False  # a box that begins at 0 would put its mean on the frame
        _draw(axes, values)
        axes.set(title=printable(protocol, 34), yticks=range(len(names)), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticklabels([printable(name) for name in names])
        axes.grid(visible=False, axis="y")
    _label_lowest(panels, len(shown), columns, column.axis_title)
    exact = sum(int(of.exact[column.key].sum()) for of in analysis.values.values() if column.key in of.exact)
    infinite = f" {exact} infinite values {column.infinite_text}." if exact else ""
    add_note(figure, _note(list(every.values())) + infinite)
    return figure


def _label_lowest(panels: Sequence[Axes], used: int, columns: int, label: str) -> None:
    """Name the axis under the lowest panel of every column, and take the empty panels away."""
    for axes in panels[used:]:
        axes.remove()
    for axes in panels[max(0, used - columns) : used]:
        axes.set_xlabel(label)
        axes.tick_params(labelbottom=True)


@dataclass(frozen=True)
class _Box:
    """Quartiles, median, mean and ends of the whiskers of the values of one line."""

    row: int
    low: float
    middle: float
    high: float
    whiskers: tuple[float, float]
    mean: float

    @classmethod
    def around(cls, row: int, values: Floats) -> _Box:
        low, middle, high = map(float, np.quantile(values, [0.25, 0.5, 0.75]))
        inside = values[(values >= low - 1.5 * (high - low)) & (values <= high + 1.5 * (high - low))]
        return cls(row, low, middle, high, (float(inside.min()), float(inside.max())), float(values.mean()))


def _draw(axes: Axes, values: Floats) -> None:
    """Points, then boxes, whiskers, medians and means of all models; nothing for a model without values."""
    boxes = []
    for row, of_model in enumerate(values):
        finite = of_model[np.isfinite(of_model)]
        if len(finite):
            boxes.append(_Box.around(row, finite))
            _points(axes, row, finite, _POINTS // len(values))
    colors = [look(box.row).color for box in boxes]
    outlines = [
        [(x, box.row + y) for x, y in ((box.low, -0.25), (box.high, -0.25), (box.high, 0.25), (box.low, 0.25))]
        for box in boxes
    ]
    whiskers = [
        [(start, box.row), (end, box.row)]
        for box in boxes
        for start, end in ((box.whiskers[0], box.low), (box.high, box.whiskers[1]))
    ]
    medians = [[(box.middle, box.row - 0.25), (box.middle, box.row + 0.25)] for box in boxes]
    axes.add_collection(PolyCollection(outlines, facecolors="none", edgecolors=colors, linewidths=1.2))
    axes.add_collection(LineCollection(whiskers, colors=[c for c in colors for _ in range(2)], linewidths=1.2))
    axes.add_collection(LineCollection(medians, colors=colors, linewidths=2.2))
    means = ([box.mean for box in boxes], [box.row for box in boxes])
    axes.plot(*means, "D", markersize=4.5, color="white", markeredgecolor="black", zorder=5)


def _points(axes: Axes, row: int, values: Floats, most: int) -> None:
    points = values if len(values) <= most else values[np.arange(most) * len(values) // most]
    jitter = (np.arange(1, len(points) + 1) * _GOLDEN % 1 - 0.5) * 0.6
    style: dict[str, Any] = {"color": look(row).color, "markeredgewidth": 0, "markersize": 2.2, "zorder": 0.8}
    axes.plot(points, row + jitter, "o", alpha=min(0.5, max(0.15, 15 / len(points))), **style)


def _note(every: Sequence[Floats]) -> str:
    most = max(int(np.isfinite(values).sum(axis=1).max()) for values in every)
    drawn = _POINTS // len(every[0])
    points = f"Points: {drawn} of up to {most:,} pictures" if most > drawn else "A point a picture"
    return f"{points}; box: quartiles and median; whiskers: last value within 1.5 box lengths; diamond: mean."
