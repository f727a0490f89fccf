"""Quality over the measured share of missing pixels, across all protocols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.records import Run
from bench.reporting.measures import Measure
from bench.reporting.naming import metric_title, model_names
from bench.reporting.style import add_note, look, names_width, new_figure, printable
from bench.statistics import mean_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["by_hole_share"]

_FEWEST = 5
_DRAWS = 2000
_PANELS = 3


def by_hole_share(run: Run, values: pd.DataFrame, measures: Sequence[Measure]) -> Figure | None:
    """Mean of the values in bins of 10 % of the picture, with 95 % bands, a panel a metric; None without hole values.

    Bins hold shares up to and including their upper end. Several protocols may hide the same picture: pictures are
    drawn as clusters.
    """
    shown = [measure for measure in measures if measure.key.endswith(".hole")][:_PANELS]
    if not shown:
        return None
    names = list(model_names(run).values())
    figure = new_figure(0.8 + names_width(names) + 3.1 * len(shown), max(3.4, 1.2 + 0.19 * len(names)))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    thin: dict[int, None] = {}
    for axes, measure in zip(panels, shown, strict=True):
        for bin_ in _draw(axes, values[values["key"] == measure.key], names):
            thin[bin_] = None
        axes.set(title=measure.title, xlabel="missing pixels (%)")
    handles = [line for line in panels[0].get_lines() if not line.get_label().startswith("_")]
    figure.legend(handles, [printable(name) for name in names], loc="outside right upper")
    add_note(figure, _note(values, shown, sorted(thin)))
    return figure


def _draw(axes: Axes, values: pd.DataFrame, names: Sequence[str]) -> Iterator[int]:
    """Draw a panel; yields the bins that some model has too few values for."""
    finite = values[np.isfinite(values["value"])]
    bins = bin_of(finite["hole_share"].to_numpy(float))
    axes.set(xticks=range(0, 101, 10), xlim=(10 * bins.min(initial=10), 10 * bins.max(initial=0) + 10))
    for index, name in enumerate(names):
        style = look(index)
        points: list[tuple[float, float, float, float]] = []
        for bin_ in np.unique(bins):
            chosen = finite[(finite["model"] == name) & (bins == bin_)]
            if len(chosen) >= _FEWEST:
                numbers = chosen["value"].to_numpy(float)
                low, high = mean_interval(numbers, chosen["sample"].to_list(), draws=_DRAWS)
                points.append((10 * bin_ + 5, float(numbers.mean()), low, high))
            elif len(chosen):
                yield int(bin_)
        middle, mean, low_band, high_band = np.array(points).reshape(-1, 4).T
        axes.plot(middle, mean, label=f"model {index}", **vars(style))
        axes.fill_between(middle, low_band, high_band, color=style.color, alpha=0.12, linewidth=0)


def bin_of(share: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Index of the bin 0-10 %, 10-20 %, ... of hole shares (0 to 1); 0.1 belongs to the first."""
    return np.searchsorted(np.arange(1, 10) / 10, share, side="left")


def _note(values: pd.DataFrame, shown: Sequence[Measure], thin: Sequence[int]) -> str:
    parts = ["Mean and 95 % bootstrap interval of the pictures in bins of 10 % (upper end included), all protocols."]
    if thin:
        bins = ", ".join(f"{10 * bin_}\N{EN DASH}{10 * bin_ + 10} %" for bin_ in thin)
        parts.append(f"Models with fewer than {_FEWEST} values in a bin are left out of it: {bins}.")
    for measure in shown:
        infinite = int(np.isinf(values.loc[values["key"] == measure.key, "value"]).sum())
        if infinite:
            parts.append(f"{metric_title(measure.key)}: {infinite} infinite values left out.")
    return " ".join(parts)
