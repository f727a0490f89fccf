"""Quality over the measured share of missing pixels, a kind of hole at a time."""

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
    """Mean of the values in bins of 10 % of the picture, with 95 % bands for up to 8 models; None without such means.

    A row of panels a kind of hole, a column a metric. Kinds of hole that all lie in one bin are left out. Bins hold
    shares up to and including their upper end. Several protocols of a kind may hide the same picture: pictures are
    drawn as clusters.
    """
    shown = [column for column in analysis.headline_columns if column.region == "hole"][:_PANELS]
    families = _shown_families(analysis)
    if not shown or not families:
        return None
    names = [model.title for model in analysis.models]
    height = 0.6 + 2.8 * len(families)
    figure = new_figure(0.8 + names_width(names) + 3.1 * len(shown), max(height, 1.2 + 0.19 * len(names)))
    panels = figure.subplots(len(families), len(shown), squeeze=False)
    for (family, bins), line in zip(families.items(), panels, strict=True):
        for column, axes in zip(shown, line, strict=True):
            _draw(axes, bins, column.key, len(names))
            axes.set(ylabel=column.axis_title)
        line[0].set_title(printable(family), loc="left", fontweight="bold")
    for axes in panels[-1]:
        axes.set_xlabel("missing pixels (%)")
    handles = [line for line in panels[0][0].get_lines() if not line.get_label().startswith("_")]
    figure.legend(handles, [printable(name) for name in names], loc="outside right upper")
    left_out = [name for name in analysis.hole_share_families if name not in families]
    add_note(figure, _note([bin_ for bins in families.values() for bin_ in bins], shown, len(names), left_out))
    return figure


def _shown_families(analysis: RunAnalysis) -> dict[str, Sequence[HoleShareBin]]:
    """Those with means in two bins and more: of a single bin the plot of intervals shows the same."""
    families = analysis.hole_share_families
    return {name: bins for name, bins in families.items() if sum(not bin_.empty for bin_ in bins) > 1}


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


def _note(bins: Sequence[HoleShareBin], shown: Sequence[Column], models: int, left_out: Sequence[str]) -> str:
    what = "Mean and 95 % bootstrap interval" if models <= _BANDS else "Mean (intervals: table by hole share)"
    parts = [f"{what} of the pictures in bins of 10 % (upper end included)."]
    if left_out:
        parts.append(f"Not shown, with holes of one size or too few pictures: {', '.join(map(printable, left_out))}.")
    thin = list(dict.fromkeys(bin_.group.name.removesuffix(" missing") for bin_ in bins if bin_.thin))
    if thin:
        parts.append(f"Models with fewer than {MIN_VALUES} values in a bin are left out of it (in {', '.join(thin)}).")
    for column in shown:
        infinite = sum(bin_.infinite_in(column.key) for bin_ in bins)
        if infinite:
            parts.append(f"{column.title}: {infinite} infinite values {column.infinite_text}.")
    return " ".join(parts)
