"""Quality class by class, over all protocols, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.aggregate import MIN_VALUES
from bench.reporting.analysis.classes import ClassGroup, class_columns, class_scores
from bench.reporting.analysis.columns import Column, column_of
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["class_plot"]

_PANELS = 3


def class_plot(analysis: RunAnalysis) -> Figure | None:
    """A panel a metric, a group of bars a class, a bar a model with its 95 % interval; None without such values."""
    classes = analysis.classes
    shown = _columns(classes)[:_PANELS]
    if not shown:
        return None
    names = [model.title for model in analysis.models]
    labels = [f"{printable(one.name)}, n {one.n:,}" for one in classes]
    height = 0.12 + min(0.15, 2.4 / len(names)) * len(names)
    width = 0.8 + names_width(labels) + names_width(names) + 2.7 * len(shown)
    figure = new_figure(width, 1.2 + max(height * len(classes), 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, column in zip(panels, shown, strict=True):
        _draw(axes, classes, column.key, len(names))
        axes.set(title=column.title, xlabel=column.axis_unit, ylim=(len(classes) - 0.5, -0.5))
        axes.grid(visible=False, axis="y")
    panels[0].set_yticks(range(len(classes)), labels)
    handles = [panels[0].barh(0, 0, **look(row).bar) for row in range(len(names))]
    figure.legend(handles, [printable(name) for name in names], loc="outside right upper")
    add_note(figure, _note(classes, shown))
    return figure


def _columns(classes: Sequence[ClassGroup]) -> list[Column]:
    """Every metric by class in its most telling region."""
    found: dict[str, Column] = {}
    for key in class_columns(classes):
        known = [score for score in class_scores(classes, key) if score.value is not None]
        if known:
            column = column_of(key, known)
            found.setdefault(column.metric, column)
    return list(found.values())


def _draw(axes: Axes, classes: Sequence[ClassGroup], key: str, models: int) -> None:
    thickness = 0.82 / models
    for row in range(models):
        means = np.array([one.mean(row, key) for one in classes])
        places = np.arange(len(classes)) - 0.41 + thickness * (row + 0.5)
        axes.barh(places, means[:, 0], height=0.9 * thickness, **look(row).bar)
        axes.hlines(places, means[:, 1], means[:, 2], color="#222222", linewidth=0.9)
    for place, one in enumerate(classes):
        if key in one.ceilings:
            axes.plot(
                [one.ceilings[key]] * 2, [place - 0.43, place + 0.43], color="black", linestyle=":", linewidth=1.3
            )


def _note(classes: Sequence[ClassGroup], shown: Sequence[Column]) -> str:
    parts = [
        "Mean and 95 % bootstrap interval over the n fills in which the class has a value, all protocols; "
        f"no bar from fewer than {MIN_VALUES}."
    ]
    if any(column.key in one.ceilings for one in classes for column in shown):
        parts.append("Dotted: the judge on the untouched pictures.")
    return " ".join(parts)
