"""All responses at a glance: a row a metric, a column a grade of a distortion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.records.audit import AuditRecord
from bench.reporting.audit.table import grade_text, metric_label, response_text
from bench.reporting.fonts import printable
from bench.reporting.plots.style import MAX_WIDTH, add_note, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["overview_plot"]

_STRONGEST = 30.0  # a response of the darkest colour
_GAP = 0.35  # columns between two distortions
_NOTE = (
    "Response in units of the metric's noise, from the slightest grade (left) to the strongest (right). Blue: the "
    "metric calls the distorted fill worse; below 1 by less than its noise. Red: it calls it better. A point: "
    "blind, the response is below 0.1 or its 95 % interval holds 0."
)


def overview_plot(record: AuditRecord) -> Figure:
    """A heat map with the number in every cell."""
    names = [printable(metric_label(metric), 60) for metric in record.metrics]
    figure = new_figure(MAX_WIDTH, 1.7 + 0.21 * len(names))
    axes = figure.subplots()
    place, ticks = 0.0, []
    for one in record.distortions:
        for grade in one.grades:
            for row, metric in enumerate(record.metrics):
                found = [r for r in record.curve(metric.name, one.name) if r.grade == grade]
                if found:
                    _cell(axes, place, row, found[0].response, blind=found[0].verdict == "blind")
            ticks.append((place, grade_text(one, grade)))
            place += 1
        axes.text(
            place - len(one.grades) / 2 - 0.5, -0.75, one.title, ha="center", va="bottom", fontsize=8, fontweight="bold"
        )
        place += _GAP
    axes.set(xlim=(-0.5, place - 0.5 - _GAP), ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks([where for where, _ in ticks], [text for _, text in ticks], rotation=90, fontsize=6.5)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    add_note(figure, _NOTE)
    return figure


def _cell(axes: Axes, place: float, row: int, response: float, *, blind: bool) -> None:
    import matplotlib as mpl
    from matplotlib.patches import Rectangle

    size = min(1.0, math.log1p(abs(response)) / math.log1p(_STRONGEST))
    colour = mpl.colormaps["RdBu"](0.5 + math.copysign(0.45 * (0.0 if blind else size), response))
    axes.add_patch(Rectangle((place - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
    ink = "white" if size > 0.75 and not blind else "black"
    text = "·" if blind else response_text(response) if response < 999.5 else ">999"
    axes.text(place, row, text, ha="center", va="center", fontsize=5.8, color=ink)
