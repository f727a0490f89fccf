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

_COLUMNS = 3


def cost_plot(analysis: RunAnalysis, profile: Profile) -> Figure | None:
    """A panel a protocol of the run's main metric, or a panel a metric of the only protocol; a point a model.

    None when no model has both a number and a cost.
    """
    costs, main = run_costs(analysis.run, profile), analysis.main_columns
    if costs is None or not main:
        return None
    groups = list(analysis.groups.values())
    pairs = [(groups[0], column) for column in main] if len(groups) == 1 else [(group, main[0]) for group in groups]
    names = [model.title for model in analysis.models]
    rows = -(-len(pairs) // _COLUMNS)
    columns = -(-len(pairs) // rows)
    figure = new_figure(1.0 + names_width(names) + 3.3 * columns, max(0.6 + 3.0 * rows, 1.4 + 0.19 * len(names)))
    panels = list(figure.subplots(rows, columns, sharex=True, squeeze=False).flat)
    fronts = [_draw(axes, costs, group, column) for axes, (group, column) in zip(panels, pairs, strict=False)]
    for axes, (group, column) in zip(panels, pairs, strict=False):
        axes.set(title=printable(group.name, 34), ylabel=column.axis_title, xscale="log", xlabel="latency (ms) ↓")
        axes.tick_params(labelbottom=True)
        plain_ticks(axes.xaxis)
    for axes in panels[len(pairs) :]:
        axes.remove()
    handles = [panels[0].plot([], [], **_style(row))[0] for row in range(len(names))]
    labels = [*map(printable, names)]
    if any(fronts):
        handles.append(panels[0].plot([], [], **_FRONT)[0])
        labels.append("Pareto front")
    figure.legend(handles, labels, loc="outside right upper")
    add_note(figure, _note(costs, groups[0], any(fronts)))
    return figure


_FRONT: dict[str, Any] = {"color": "#888888", "linewidth": 1.2, "linestyle": "--", "zorder": 1.5}


def _style(row: int) -> dict[str, Any]:
    return {"color": look(row).color, "marker": look(row).marker, "linestyle": "none"}


def _draw(axes: Axes, costs: RunCosts, group: Group, column: Column) -> bool:
    """Draw the models and, of two and more, their Pareto front; returns whether there is one."""
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
    if len(best) > 1:
        axes.plot(times[best], values[best], drawstyle="steps-post", **_FRONT)
        axes.plot(
            times[best], values[best], "o", markersize=13, markerfacecolor="none", markeredgecolor="#888888", zorder=1.5
        )
    return len(best) > 1


def _note(costs: RunCosts, group: Group, front: bool) -> str:
    parts = [f"Marks: means over pictures; bars: their 95 % intervals. Median latency at {costs.title}."]
    if front:
        parts.append("Ringed: no model is both better and faster.")
    if front and any(row.model.oracle for row in group.rows):
        parts.append("Oracles are not in the front.")
    if any(cost and cost.record.invalid for cost in costs.of):
        parts.append("Hollow: INVALID, the machine was not steady while it was timed.")
    return " ".join(parts)
