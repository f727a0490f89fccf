"""Per-image values of every model under every protocol: boxes over points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.records import Run
from bench.reporting.measures import Measure
from bench.reporting.naming import model_names
from bench.reporting.style import add_note, look, names_width, new_figure, printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["distributions"]

Floats = npt.NDArray[np.float64]

_COLUMNS = 4
_GOLDEN = 0.6180339887498949


def distributions(run: Run, values: pd.DataFrame, measure: Measure) -> Figure | None:
    """A panel a protocol, a line a model, one scale; None when no picture has a finite value of its own."""
    every = values[values["key"] == measure.key]
    finite = every[np.isfinite(every["value"])]
    if finite.empty:
        return None
    names = list(model_names(run).values())
    protocols = [name for name in run.info["protocols"] if name in set(finite["protocol"])]
    columns = min(_COLUMNS, len(protocols))
    rows = -(-len(protocols) // columns)
    figure = new_figure(0.4 + names_width(names) + 2.4 * columns, 0.5 + rows * (0.75 + 0.3 * len(names)))
    panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for axes, protocol in zip(panels, protocols, strict=False):
        axes.use_sticky_edges = False  # a box that begins at 0 would put its mean on the frame
        of_protocol = finite[finite["protocol"] == protocol].sort_values("sample", kind="stable")
        for index, name in enumerate(names):
            _line(axes, index, of_protocol.loc[of_protocol["model"] == name, "value"].to_numpy(float))
        axes.set(title=printable(protocol, 34), yticks=range(len(names)), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticklabels([printable(name) for name in names])
        axes.grid(visible=False, axis="y")
    _label_lowest(panels, len(protocols), columns, measure.title)
    add_note(figure, _note(every))
    return figure


def _label_lowest(panels: Sequence[Axes], used: int, columns: int, label: str) -> None:
    """Name the axis under the lowest panel of every column, and take the empty panels away."""
    for axes in panels[used:]:
        axes.remove()
    for axes in panels[max(0, used - columns) : used]:
        axes.set_xlabel(label)
        axes.tick_params(labelbottom=True)


def _line(axes: Axes, row: int, values: Floats) -> None:
    """Points, box, whiskers, median and mean of one model; nothing for no values."""
    if not len(values):
        return
    style: dict[str, Any] = {"color": look(row).color}
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    inside = values[(values >= low - 1.5 * (high - low)) & (values <= high + 1.5 * (high - low))]
    jitter = (np.arange(1, len(values) + 1) * _GOLDEN % 1 - 0.5) * 0.6
    alpha = min(0.5, max(0.08, 15 / len(values)))
    axes.scatter(values, row + jitter, s=5, alpha=alpha, linewidths=0, rasterized=True, **style)
    axes.barh(row, high - low, left=low, height=0.5, facecolor="none", edgecolor=style["color"], linewidth=1.2)
    axes.hlines([row, row], [inside.min(), high], [low, inside.max()], linewidth=1.2, **style)
    axes.vlines(middle, row - 0.25, row + 0.25, linewidth=2.2, **style)
    axes.plot(values.mean(), row, marker="D", markersize=4.5, color="white", markeredgecolor="black", zorder=5)


def _note(every: pd.DataFrame) -> str:
    text = "A point a picture; box: quartiles and median; whiskers: last value within 1.5 box lengths; diamond: mean."
    infinite = int(np.isinf(every["value"]).sum())
    return f"{text} {infinite} infinite values left out." if infinite else text
