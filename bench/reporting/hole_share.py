"""Quality over the measured share of missing pixels, across all protocols, as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.records import Run
from bench.reporting.bins import FEWEST, Bin, bins_of
from bench.reporting.measures import Measure
from bench.reporting.naming import metric_title, model_names
from bench.reporting.style import add_note, look, names_width, new_figure, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["by_hole_share"]

_PANELS = 3
_BANDS = 8  # models up to which bands can be told apart


def by_hole_share(run: Run, measures: Sequence[Measure]) -> Figure | None:
    """Mean of the values in bins of 10 % of the picture, with 95 % bands for up to 8 models, a panel a
    metric; None without such means.

    Bins hold shares up to and including their upper end. Several protocols may hide the same picture: pictures are
    drawn as clusters.
    """
    shown = [measure for measure in measures if measure.key.endswith(".hole")][:_PANELS]
    bins = bins_of(run)
    if not shown or all(bin_.empty for bin_ in bins):
        return None
    names = list(model_names(run).values())
    figure = new_figure(0.8 + names_width(names) + 3.1 * len(shown), max(3.4, 1.2 + 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, measure in zip(panels, shown, strict=True):
        _draw(axes, bins, measure.key, len(names))
        axes.set(title=measure.title, xlabel="missing pixels (%)")
    handles = [line for line in panels[0].get_lines() if not line.get_label().startswith("_")]
    figure.legend(handles, [printable(name) for name in names], loc="outside right upper")
    add_note(figure, _note(bins, shown, len(names)))
    return figure


def _draw(axes: Axes, bins: Sequence[Bin], key: str, models: int) -> None:
    axes.set(xticks=range(0, 101, 10), xlim=(10 * bins[0].index, 10 * bins[-1].index + 10))
    for row in range(models):
        style = look(row)
        scores = [(10 * bin_.index + 5, bin_.section.lines[row].scores[key]) for bin_ in bins]
        points = [(middle, s.value, *(s.ci95 or (s.value, s.value))) for middle, s in scores]  # None: a gap
        middle, mean, low, high = np.array(points, dtype=float).T
        axes.plot(middle, mean, label=f"model {row}", **vars(style))
        if models <= _BANDS:
            axes.fill_between(middle, low, high, color=style.color, alpha=0.12, linewidth=0)


def _note(bins: Sequence[Bin], shown: Sequence[Measure], models: int) -> str:
    what = "Mean and 95 % bootstrap interval" if models <= _BANDS else "Mean (intervals: table by hole share)"
    parts = [f"{what} of the pictures in bins of 10 % (upper end included), all protocols."]
    thin = [bin_.section.protocol.removesuffix(" missing") for bin_ in bins if bin_.thin]
    if thin:
        parts.append(f"Models with fewer than {FEWEST} values in a bin are left out of it: {', '.join(thin)}.")
    for measure in shown:
        infinite = sum(line.scores[measure.key].n_infinite for bin_ in bins for line in bin_.section.lines)
        if infinite:
            parts.append(f"{metric_title(measure.key)}: {infinite} infinite values left out.")
    return " ".join(parts)
