"""The critical-difference diagram: models on a line of average ranks, those that cannot be told apart joined by a bar.

Demsar, "Statistical comparisons of classifiers over multiple data sets" (JMLR 7, 2006), figure 1; see `average_ranks`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.average_ranks import AverageRanks, average_ranks
from bench.reporting.analysis.columns import Column
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["critical_difference_plot"]

_LINE, _ROW, _BAR, _HEAD = 4.2, 0.2, 0.1, 0.5  # inches: length of the line, from name to name, bar to bar, above it all


def critical_difference_plot(analysis: RunAnalysis, columns: Sequence[Column]) -> Figure | None:
    """A diagram a protocol and metric, best models left; None when no two models can be ranked."""
    protocols = analysis.run.info.protocols
    pairs = [(protocol, column) for protocol in protocols for column in columns]
    ranked = [(pair, average_ranks(analysis, pair[1], [pair[0]])) for pair in pairs]
    shown = [(pair, ranks) for pair, ranks in ranked if ranks is not None]
    if not shown:
        return None
    names = [printable(model.title) for model in analysis.models]
    left, right = (_margin(names, [ranks for _, ranks in shown], side) for side in ("left", "right"))
    heights = [_height(ranks) for _, ranks in shown]
    figure = new_figure(left + _LINE + right, sum(heights) + 0.3 * len(shown) + 0.55)
    panels = figure.subplots(len(shown), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, height, ((protocol, column), ranks) in zip(panels, heights, shown, strict=True):
        axes.set_axis_off()
        axes.set(xlim=(0, left + _LINE + right), ylim=(-height, 0))
        axes.set_title(f"{printable(protocol)}: {column.axis_title}", loc="left", fontweight="bold")
        _draw(axes, ranks, names, left)
    add_note(figure, _note(analysis, [ranks for _, ranks in shown]))
    return figure


def _margin(names: Sequence[str], every: Sequence[AverageRanks], side: str) -> float:
    """Inches beside the line of ranks: the names of the better half stand left, the others right."""
    half = [(ranks.models, (len(ranks.models) + 1) // 2) for ranks in every]
    chosen = {model for models, half_ in half for model in (models[:half_] if side == "left" else models[half_:])}
    return names_width(names[model] for model in chosen) + 0.65


def _height(ranks: AverageRanks) -> float:
    names = (len(ranks.models) + 1) // 2
    return _HEAD + _BAR * len(_levels(ranks)) + _ROW * names


def _levels(ranks: AverageRanks) -> list[list[tuple[int, int]]]:
    """Groups that do not touch share a level."""
    levels: list[list[tuple[int, int]]] = []
    for group in ranks.groups:
        free = next((level for level in levels if level[-1][1] < group[0]), None)
        if free is None:
            levels.append([group])
        else:
            free.append(group)
    return levels


def _draw(axes: Axes, ranks: AverageRanks, names: Sequence[str], margin: float) -> None:
    count = len(ranks.models)
    low, high = math.floor(ranks.ranks[0]), max(math.ceil(ranks.ranks[-1]), math.floor(ranks.ranks[0]) + 1)
    places = [margin + _LINE * (rank - low) / (high - low) for rank in ranks.ranks]
    axes.plot([margin, margin + _LINE], [-_HEAD + 0.2] * 2, color="black", linewidth=1)
    for tick in range(low, high + 1):
        x = margin + _LINE * (tick - low) / (high - low)
        axes.plot([x, x], [-_HEAD + 0.2, -_HEAD + 0.26], color="black", linewidth=1)
        axes.text(x, -_HEAD + 0.3, str(tick), ha="center", va="bottom", fontsize=8)
    levels = _levels(ranks)
    for place, level in enumerate(levels):
        y = -_HEAD + 0.1 - _BAR * place
        for first, last in level:
            axes.plot([places[first] - 0.04, places[last] + 0.04], [y, y], color="#555555", linewidth=3.2, zorder=1)
    for place, (model, rank) in enumerate(zip(ranks.models, ranks.ranks, strict=True)):
        left = place < (count + 1) // 2
        row = place if left else count - 1 - place
        y = -_HEAD - _BAR * len(levels) - _ROW * row
        _name(axes, (places[place], y), margin if left else margin + _LINE, left, names[model], rank, model)


def _name(axes: Axes, place: tuple[float, float], edge: float, left: bool, name: str, rank: float, model: int) -> None:
    """An elbow from the line of ranks to the name of a model at the edge."""
    style, side = look(model), -1 if left else 1
    (x, y), end = place, edge + side * 0.08
    axes.plot([x, x, end], [-_HEAD + 0.2, y, y], color=style.color, linewidth=1.1, zorder=2)
    axes.plot(x, -_HEAD + 0.2, color=style.color, marker=style.marker, markersize=4.5, zorder=3)
    align = "right" if left else "left"
    axes.text(end + side * 0.05, y, f"{rank:.2f}", ha=align, va="center", fontsize=7, color="#444444")
    axes.text(end + side * 0.4, y, name, ha=align, va="center", fontsize=8)


def _note(analysis: RunAnalysis, every: Sequence[AverageRanks]) -> str:
    pictures = sorted({ranks.pictures for ranks in every})
    count = f"{pictures[0]:,}" if len(pictures) == 1 else f"{pictures[0]:,} to {pictures[-1]:,}"
    oracles = " Oracles are not ranked." if any(model.oracle for model in analysis.models) else ""
    text = (
        f"Average rank over {count} pictures, 1 is best. Bars join models that cannot be told apart: pairwise "
        f"Wilcoxon signed-rank tests over pictures, Holm-corrected, 5 %.{oracles}"
    )
    left_out = [name for name in analysis.run.info.protocols if not any(name in ranks.protocols for ranks in every)]
    return f"{text} Without {', '.join(left_out)}: not every model was run." if left_out else text
