"""Latency under load: against the rate of arrivals, and its distribution in each scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.records.load import SCENARIOS, LoadRecord, LoadResults
from bench.reporting.fonts import printable
from bench.reporting.formatting import grouped_digits
from bench.reporting.plots.style import add_note, look, names_width, new_figure, plain_ticks
from bench.reporting.titles import resolution_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["rate_plot", "streams_plot"]

_COLUMNS = 3
_INVALID = "Hollow: INVALID, the machine was not quiet or not steady."


def rate_plot(found: LoadResults) -> Figure | None:
    """A panel a model: the bound of the p99 in every server trial against its rate, and the budget; None without."""
    records = [record for record in found.records if record.scenario == "server" and record.measured]
    if not records:
        return None
    labels = _labels(records, named=False)
    models = list(dict.fromkeys((record.model, record.fingerprint) for record in records))
    figure, panels = _panels(len(models), labels)
    for axes, key in zip(panels, models, strict=True):
        own = [record for record in records if (record.model, record.fingerprint) == key]
        for record in own:
            _draw_rates(axes, record, labels.index(_label(record, named=False)))
        for budget in sorted({record.budget_s for record in own if record.budget_s is not None}):
            axes.axhline(1e3 * budget, color="#444444", linestyle="--", linewidth=1)
            text = f"budget {1e3 * budget:g} ms"
            place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "fontsize": 7.5}
            axes.annotate(text, (0.02, 1e3 * budget), xytext=(0, 3), color="#444444", **place)  # type: ignore[arg-type]
        axes.set(yscale="log", xlabel="queries a second", title=printable(key[0], 32))
        axes.margins(x=0.08, y=0.15)
        axes.set_xlim(left=0)
        plain_ticks(axes.yaxis)
    panels[0].set_ylabel("p99 latency, 99 % bound (ms) ↓")
    _legend(figure, panels[0], labels)
    note = (
        "A mark a trial, at the latency that the p99 is within with a confidence of 99 %. Cross: not held; the trial "
        "ends as soon as too many queries are late, and its bound is larger. Ring: the highest rate held, confirmed by "
        "other arrivals."
    )
    add_note(figure, f"{note} {_invalid_note(records)}")
    return figure


def streams_plot(found: LoadResults) -> Figure | None:
    """A panel a scenario: the share of queries that are answered within a time; None without latencies."""
    records = [record for record in found.records if record.result is not None and record.scenario != "offline"]
    scenarios = [name for name in SCENARIOS if any(record.scenario == name for record in records)]
    if not scenarios:
        return None
    labels = _labels(records, named=True)
    figure, panels = _panels(len(scenarios), labels)
    for axes, scenario in zip(panels, scenarios, strict=True):
        own = [record for record in records if record.scenario == scenario]
        for record in own:
            _draw_shares(axes, record, labels.index(_label(record, named=True)))
        percent = own[0].percent
        axes.axhline(percent, color="#444444", linestyle="--", linewidth=1)
        axes.annotate(
            f"p{percent:g}", (0.99, percent), xycoords=("axes fraction", "data"), xytext=(0, -10),
            textcoords="offset points", ha="right", fontsize=7.5, color="#444444",
        )  # fmt: skip
        axes.set(xscale="log", xlabel="latency (ms)", title=_title(scenario), ylim=(0, 102))
        plain_ticks(axes.xaxis)
    panels[0].set_ylabel("queries answered (%)")
    _legend(figure, panels[0], labels)
    note = "Latency counts from the scheduled arrival; of the server, in the trial that confirms the highest rate held."
    add_note(figure, f"{note} {_invalid_note(records)}")
    return figure


def _draw_rates(axes: Axes, record: LoadRecord, index: int) -> None:
    """A mark a trial at the bound of its percentile: on or below the budget exactly where the rate is held."""
    style = look(index)
    fill = "white" if record.invalid else style.color
    for trial in record.trials:
        bound = 1e3 * trial.bound(record.percent)
        if trial.rate is not None and math.isfinite(bound):
            marker = style.marker if record.holds(trial) else "x"
            axes.plot(trial.rate, bound, marker, color=style.color, markerfacecolor=fill)
    best = record.confirmed
    if best is not None and best.rate is not None:
        place = best.rate, 1e3 * best.bound(record.percent)
        axes.plot(*place, "o", markersize=11, markerfacecolor="none", markeredgewidth=1.2, color=style.color)
        text = f"{grouped_digits(best.rate)}/s"
        axes.annotate(
            text, place, xytext=(-9, -3), textcoords="offset points", ha="right", fontsize=8, color=style.color
        )


def _draw_shares(axes: Axes, record: LoadRecord, index: int) -> None:
    trial = record.result
    if trial is None:
        return
    latency = np.sort(np.asarray(trial.latency_us)) / 1e3
    axes.plot(latency, 100 * np.arange(1, len(latency) + 1) / len(latency), "-", color=look(index).color)
    place, fill = (
        (1e3 * trial.latency(record.percent), record.percent),
        "white" if record.invalid else look(index).color,
    )
    axes.plot(*place, look(index).marker, color=look(index).color, markerfacecolor=fill)


def _panels(count: int, labels: Sequence[str]) -> tuple[Figure, list[Axes]]:
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    figure = new_figure(1.0 + names_width(labels) + 2.9 * columns, 0.8 + 2.7 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def _legend(figure: Figure, axes: Axes, labels: Sequence[str]) -> None:
    handles = [axes.plot([], [], **vars(look(index)))[0] for index in range(len(labels))]
    figure.legend(handles, labels, loc="outside right upper")


def _labels(records: Sequence[LoadRecord], *, named: bool) -> list[str]:
    return list(dict.fromkeys(_label(record, named=named) for record in records))


def _label(record: LoadRecord, *, named: bool) -> str:
    configuration = record.configuration
    first = printable(record.model, 24) if named else ""
    batch = "" if named else f"batch {configuration.batch_size}"
    return " ".join(filter(None, (first, resolution_title(configuration), batch, configuration.setting)))


def _title(scenario: str) -> str:
    return scenario if scenario != "server" else "server, at the highest rate held"


def _invalid_note(records: Sequence[LoadRecord]) -> str:
    return _INVALID if any(record.invalid for record in records) else ""
