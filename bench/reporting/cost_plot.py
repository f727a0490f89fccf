"""Quality against latency, with the models that nobody beats in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.records import Run
from bench.records.profile import Profile
from bench.reporting.cost import Costs, costs_of, quality_of
from bench.reporting.measures import Measure
from bench.reporting.naming import model_names
from bench.reporting.pareto import front
from bench.reporting.sections import Section
from bench.reporting.style import add_note, look, names_width, new_figure, plain_ticks, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["quality_against_latency"]


def quality_against_latency(run: Run, profile: Profile) -> Figure | None:
    """A panel a measure, a point a model; None when no model has both."""
    costs, (shown, section) = costs_of(run, profile), quality_of(run)
    if costs is None or not shown:
        return None
    names = list(model_names(run).values())
    figure = new_figure(1.0 + names_width(names) + 3.3 * len(shown), max(3.6, 1.4 + 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, measure in zip(panels, shown, strict=True):
        _draw(axes, costs, section, measure)
        axes.set(title=measure.title, xscale="log", xlabel="latency (ms) ↓")
        plain_ticks(axes.xaxis)
    handles = [panels[0].plot([], [], **_style(row))[0] for row in range(len(names))]
    handles.append(panels[0].plot([], [], **_FRONT)[0])
    labels = [*map(printable, names), "Pareto front"]
    figure.legend(handles, labels, loc="outside right upper")
    add_note(figure, _note(costs, section))
    return figure


_FRONT: dict[str, Any] = {"color": "#888888", "linewidth": 1.2, "linestyle": "--", "zorder": 1.5}


def _style(row: int) -> dict[str, Any]:
    return {"color": look(row).color, "marker": look(row).marker, "linestyle": "none"}


def _draw(axes: Axes, costs: Costs, section: Section, measure: Measure) -> None:
    times, values = np.full((2, len(section.lines)), np.nan)
    for row, (line, cost) in enumerate(zip(section.lines, costs.of, strict=True)):
        score = line.scores.get(measure.key)
        if cost is None or score is None or score.value is None:
            continue
        time, value = 1e3 * cost.record.latency(), score.value
        if score.ci95:
            axes.vlines(time, *score.ci95, color=look(row).color, linewidth=1.2)
        face = "white" if cost.record.void else look(row).color
        axes.plot(time, value, **_style(row), markersize=7, markerfacecolor=face)
        if not line.oracle:
            times[row], values[row] = time, value
    best = front(times.tolist(), (values if measure.higher_is_better else -values).tolist())
    if best:
        axes.plot(times[best], values[best], drawstyle="steps-post", **_FRONT)
        axes.plot(
            times[best], values[best], "o", markersize=13, markerfacecolor="none", markeredgecolor="#888888", zorder=1.5
        )


def _note(costs: Costs, section: Section) -> str:
    parts = [
        f"Mean over the fills of all protocols with its 95 % interval; median latency at {costs.title}. "
        "Ringed: no model is both better and faster."
    ]
    if any(line.oracle for line in section.lines):
        parts.append("Oracles are not in the front.")
    if any(cost and cost.record.void for cost in costs.of):
        parts.append("Hollow: VOID, the machine was not steady while it was timed.")
    return " ".join(parts)
