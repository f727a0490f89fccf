"""Guidance against the size of the edit: whether a judge sees in fills what an edited label map asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.edits import OWN_MAP, EditGroup, edit_columns, edit_groups
from bench.reporting.analysis.groups import Row
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["edits_plot"]

_SIZE = "edit-size.hole"
_PANELS = ("control-boundary-f", "control-accuracy", "edit-accuracy")
_SHIFT = "edit-shift-"
_MARKERS = {"edit-none": "o", _SHIFT: "o", "edit-swap": "s", "edit-insert": "^", "edit-remove": "v"}
_LABELS = {_SHIFT: "true map, boundary shifted", "edit-swap": "swap", "edit-insert": "insert", "edit-remove": "remove"}


def edits_plot(analysis: RunAnalysis) -> Figure | None:
    """A panel a metric: its mean under each edit over the mean size of the edit; None for a run without edit sizes.

    A line joins the true map and the shifts of a boundary, which are one edit of growing size.
    """
    columns = edit_columns(analysis)
    by_metric = {column.metric: column for column in columns}
    shown = [by_metric[name] for name in _PANELS if name in by_metric]
    groups = [one for one in edit_groups(analysis, columns) if one.edit != OWN_MAP and _size(one) is not None]
    if not shown or not groups:
        return None
    names = [model.title for model in analysis.models]
    figure = new_figure(1.9 + names_width(names) + 3.1 * len(shown), 3.6)
    panels = figure.subplots(1, len(shown), sharex=True, squeeze=False)[0]
    for column, axes in zip(shown, panels, strict=True):
        for row in range(len(names)):
            _draw(axes, groups, column, row)
        _draw_untouched(axes, groups, by_metric.get(f"{column.metric}-untouched"))
        axes.set(xlabel="edited pixels (% of the hole)", ylabel=column.axis_title)
        axes.set_ylim(bottom=0)
    figure.legend(handles=_handles(groups, names), loc="outside right upper")
    add_note(
        figure,
        "Means over pictures and holes with 95 % bootstrap intervals over pictures, over the mean size of each edit. "
        "Grey: the untouched picture under the same map, a perfect model that ignores the edit.",
    )
    return figure


def _size(one: EditGroup) -> float | None:
    """Mean share of the hole that an edit changes, in %, of the first model that has it."""
    sizes = (row.scores[_SIZE].value for row in one.group.rows if _SIZE in row.scores)
    return next((size for size in sizes if size is not None), None)


def _draw(axes: Axes, groups: Sequence[EditGroup], column: Column, row: int) -> None:
    style = look(row)
    _line(axes, groups, [one.group.rows[row] for one in groups], column.key, style.color, style.linestyle)


def _draw_untouched(axes: Axes, groups: Sequence[EditGroup], column: Column | None) -> None:
    """The untouched picture, of the first model: it is the same for every one."""
    if column is not None:
        _line(axes, groups, [one.group.rows[0] for one in groups], column.key, "#888888", ":")


def _line(axes: Axes, groups: Sequence[EditGroup], rows: Sequence[Row], key: str, color: str, linestyle: str) -> None:
    """The points of a row, with the shifts and the true map joined."""
    joined: list[tuple[float, float]] = []
    for one, row in zip(groups, rows, strict=True):
        score, size = row.scores.get(key), _size(one)
        if score is None or score.value is None or size is None or math.isnan(score.value):
            continue
        low, high = score.ci95 or (score.value, score.value)
        bars = [[max(score.value - low, 0.0)], [max(high - score.value, 0.0)]]
        axes.errorbar(size, score.value, yerr=bars, color=color, marker=_marker(one.edit), markersize=5, linewidth=1)
        if one.edit == "edit-none" or one.edit.startswith(_SHIFT):
            joined.append((size, score.value))
    if joined:
        axes.plot(*zip(*sorted(joined), strict=True), color=color, linestyle=linestyle, linewidth=1.2)


def _marker(edit: str) -> str:
    return _MARKERS.get(edit, _MARKERS[_SHIFT])


def _handles(groups: Sequence[EditGroup], names: Sequence[str]) -> list[Artist]:
    """Models by colour, then edits by marker."""
    from matplotlib.lines import Line2D

    edits = {one.edit for one in groups}
    kinds = {kind for kind in _LABELS if kind in edits or any(edit.startswith(kind) for edit in edits)}
    models = [Line2D([], [], color=look(row).color, label=printable(name)) for row, name in enumerate(names)]
    for row, line in enumerate(models):
        line.set(linestyle=look(row).linestyle)
    untouched = Line2D([], [], color="#888888", linestyle=":", label="untouched picture")
    markers = [
        Line2D([], [], color="black", linestyle="none", marker=_MARKERS[kind], label=_LABELS[kind])
        for kind in _LABELS
        if kind in kinds
    ]
    return [*models, untouched, *markers]
