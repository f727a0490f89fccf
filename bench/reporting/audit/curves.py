"""The responses of one metric over the grades of every distortion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.records.audit import AuditedMetric, AuditRecord
from bench.reporting.audit.table import grades_text, metric_label
from bench.reporting.fonts import printable
from bench.reporting.plots.style import add_note, look, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curves_plot"]

_ASIDE = 0.025
"""Of a grade, from one distortion to the next: equal curves lie beside one another."""

_NOTE = (
    "Response: how much worse the metric calls a distorted fill, in units of its noise (grey: below the noise), with "
    "95 % intervals. Below 0 the metric calls the distorted fill better. From -1 to 1 the axis is linear, beyond "
    "logarithmic."
)


def curves_plot(record: AuditRecord, metric: AuditedMetric) -> Figure:
    """A line a distortion, from its slightest to its strongest grade."""
    figure = new_figure(7.4, 4.2)
    axes = figure.subplots()
    axes.set_yscale("symlog", linthresh=1.0, linscale=1.0)
    axes.axhspan(-1, 1, color="#EEEEEE", zorder=0)
    axes.axhline(0, color="#888888", linewidth=0.8)
    most = max(len(one.grades) for one in record.distortions)
    for index, one in enumerate(record.distortions):
        curve = record.curve(metric.name, one.name)
        if not curve:
            continue
        aside = _ASIDE * (index - (len(record.distortions) - 1) / 2)
        places = [1 + one.grades.index(response.grade) + aside for response in curve]
        middle = np.array([response.response for response in curve])
        ends = np.array([response.ci95 or (response.response, response.response) for response in curve]).T
        label = f"{one.title}, {grades_text(one, (one.grades[0], one.grades[-1]), ' to ')}"
        style = look(index)
        axes.plot([0, *places], [0.0, *middle], label=label, **vars(style))
        axes.errorbar(places, middle, np.abs(ends - middle), fmt="none", ecolor=style.color, elinewidth=0.9)
    words = {0: "0\nnone", 1: "1\nslight", most: f"{most}\nstrong"}
    axes.set_xticks(range(most + 1), [words.get(grade, str(grade)) for grade in range(most + 1)])
    axes.set(xlabel="grade", ylabel="response")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_title(printable(metric_label(metric)), loc="left", fontweight="bold")
    figure.legend(loc="outside right upper")
    add_note(figure, _NOTE)
    return figure
