"""Quality over the measured share of missing pixels, over all protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.aggregate import MIN_VALUES
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.hole_share import HoleShareBin
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["hole_share_plot"]

_PANELS = 3
_BANDS = 8  # models up to which bands can be told apart


def hole_share_plot(analysis: RunAnalysis) -> Figure | None:
    """Mean of the values in bins of 10 % of the picture, with 95 % bands for up to 8 models, a panel a
    metric; None without such means.

    Bins hold shares up to and including their upper end. Several protocols may hide the same picture: pictures are
    drawn as clusters.
    """
    shown = [column for column in analysis.headline_columns if column.region == "hole"][:_PANELS]
    bins = analysis.hole_share_bins
    if not shown or all(bin_.empty for bin_ in bins):
        return None
    names = [model.title for model in analysis.models]
    figure = new_figure(0.8 + names_width(names) + 3.1 * len(shown), max(3.4, 1.2 + 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, column in zip(panels, shown, strict=True):
        _draw(axes, bins, column.key, len(names))
        axes.set(title=column.axis_title, xlabel="missing pixels (%)")
    handles = [line for line in panels[0].get_lines() if not line.get_label().startswith("_")]
    figure.legend(handles, [printable(name) for name in names], loc="outside right upper")
    add_note(figure, _note(bins, shown, len(names)))
    return figure


def _draw(axes: Axes, bins: Sequence[HoleShareBin], key: str, models: int) -> None:
    axes.set(xticks=range(0, 101, 10), xlim=(10 * bins[0].index, 10 * bins[-1].index + 10))
    for row in range(models):
        style = look(row)
        scores = [(10 * bin_.index + 5, bin_.group.rows[row].scores[key]) for bin_ in bins]
        points = [(middle, s.value, *(s.ci95 or (s.value, s.value))) for middle, s in scores]  # None: a gap
        middle, mean, low, high = np.array(points, dtype=float).T
        axes.plot(middle, mean, label=f"model {row}", **vars(style))
        if models <= _BANDS:
            axes.fill_between(middle, low, high, color=style.color, alpha=0.12, linewidth=0)


def _note(bins: Sequence[HoleShareBin], shown: Sequence[Column], models: int) -> str:
    what = "Mean and 95 % bootstrap interval" if models <= _BANDS else "Mean (intervals: table by hole share)"
    parts = [f"{what} of the pictures in bins of 10 % (upper end included), all protocols."]
    thin = [bin_.group.name.removesuffix(" missing") for bin_ in bins if bin_.thin]
    if thin:
        parts.append(f"Models with fewer than {MIN_VALUES} values in a bin are left out of it: {', '.join(thin)}.")
    for column in shown:
        infinite = sum(bin_.infinite_in(column.key) for bin_ in bins)
        if infinite:
            parts.append(f"{column.title}: {infinite} infinite values {column.infinite_text}.")
    return " ".join(parts)
