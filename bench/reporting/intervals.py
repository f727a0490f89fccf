"""The main table as a picture: means with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.records import Run
from bench.reporting.measures import Measure
from bench.reporting.naming import model_names
from bench.reporting.style import add_note, look, names_width, new_figure, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["intervals"]


def intervals(run: Run, measures: Sequence[Measure]) -> Figure | None:
    """A row of panels a protocol, a column a metric on one scale; None without a whole cell."""
    cells = run.cells
    protocols = [name for name in run.info["protocols"] if any(key.protocol == name for key in cells)]
    if not measures or not protocols:
        return None
    names = model_names(run)
    height = 0.5 + len(protocols) * (0.45 + 0.19 * len(names))
    figure = new_figure(0.4 + names_width(names.values()) + 2.3 * len(measures), height)
    panels = figure.subplots(len(protocols), len(measures), sharex="col", sharey=True, squeeze=False)
    for protocol, line in zip(protocols, panels, strict=True):
        for measure, axes in zip(measures, line, strict=True):
            _draw(axes, run, protocol, measure)
        line[0].set(yticks=range(len(names)), ylim=(len(names) - 0.5, -0.5))
        line[0].set_yticklabels([printable(name) for name in names.values()])
        line[0].set_title(printable(protocol), loc="left", fontweight="bold")
    for measure, axes in zip(measures, panels[-1], strict=True):
        axes.set_xlabel(measure.title)
    add_note(figure, "Mean over pictures and its 95 % bootstrap interval.")
    return figure


def _draw(axes: Axes, run: Run, protocol: str, measure: Measure) -> None:
    for index, (name, fingerprint) in enumerate(model_names(run)):
        for key, cell in run.cells.items():
            score = cell.metrics.get(measure.key)
            if (
                (key.model, key.fingerprint, key.protocol) == (name, fingerprint, protocol)
                and score
                and score.value is not None
            ):
                style = look(index)
                low, high = score.ci95 or (score.value, score.value)
                axes.plot([low, high], [index, index], color=style.color, linewidth=1.8, solid_capstyle="butt")
                axes.plot(score.value, index, color=style.color, marker=style.marker, markersize=4, linestyle="none")
