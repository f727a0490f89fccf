"""Quality against latency, with the models that nobody beats in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.cost import RunCosts, run_costs
from bench.reporting.analysis.groups import Group
from bench.reporting.analysis.pareto import pareto_front
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, names_width, new_figure, plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cost_plot"]


def cost_plot(analysis: RunAnalysis, profile: Profile) -> Figure | None:
    """A panel a metric, a point a model; None when no model has both."""
    costs, (shown, group) = run_costs(analysis.run, profile), analysis.overall
    if costs is None or not shown:
        return None
    names = [model.title for model in analysis.models]
    figure = new_figure(1.0 + names_width(names) + 3.3 * len(shown), max(3.6, 1.4 + 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, column in zip(panels, shown, strict=True):
        _draw(axes, costs, group, column)
        axes.set(title=column.axis_title, xscale="log", xlabel="latency (ms) ↓")
        plain_ticks(axes.xaxis)
    handles = [panels[0].plot([], [], **_style(row))[0] for row in range(len(names))]
    handles.append(panels[0].plot([], [], **_FRONT)[0])
    labels = [*map(printable, names), "Pareto front"]
    figure.legend(handles, labels, loc="outside right upper")
    add_note(figure, _note(costs, group))
    return figure


_FRONT: dict[str, Any] = {"color": "#888888", "linewidth": 1.2, "linestyle": "--", "zorder": 1.5}


def _style(row: int) -> dict[str, Any]:
    return {"color": look(row).color, "marker": look(row).marker, "linestyle": "none"}


def _draw(axes: Axes, costs: RunCosts, group: Group, column: Column) -> None:
    times, values = np.full((2, len(group.rows)), np.nan)
    for place, (row, cost) in enumerate(zip(group.rows, costs.of, strict=True)):
        score = row.scores.get(column.key)
        if cost is None or score is None or score.value is None:
            continue
        time, value = 1e3 * cost.record.latency(), score.value
        if score.ci95:
            axes.vlines(time, *score.ci95, color=look(place).color, linewidth=1.2)
        face = "white" if cost.record.invalid else look(place).color
        axes.plot(time, value, **_style(place), markersize=7, markerfacecolor=face)
        if not row.model.oracle:
            times[place], values[place] = time, value
    best = pareto_front(times.tolist(), (values if column.higher_is_better else -values).tolist())
    if best:
        axes.plot(times[best], values[best], drawstyle="steps-post", **_FRONT)
        axes.plot(
            times[best], values[best], "o", markersize=13, markerfacecolor="none", markeredgecolor="#888888", zorder=1.5
        )


def _note(costs: RunCosts, group: Group) -> str:
    parts = [
        f"Mean over the fills of all protocols with its 95 % interval; median latency at {costs.title}. "
        "Ringed: no model is both better and faster."
    ]
    if any(row.model.oracle for row in group.rows):
        parts.append("Oracles are not in the front.")
    if any(cost and cost.record.invalid for cost in costs.of):
        parts.append("Hollow: INVALID, the machine was not steady while it was timed.")
    return " ".join(parts)
