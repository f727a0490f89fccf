"""A profile as plots: latency by resolution, throughput by batch, and the stages of models that have them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.records.profile import Profile, ProfileRecord
from bench.reporting.latency_table import size_title
from bench.reporting.naming import TIMES
from bench.reporting.style import add_note, look, names_width, new_figure, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figures"]

_COLUMNS = 3
_VOID = "Hollow: VOID, a reference kernel moved by more than 2 % or the device throttled."


def figures(profile: Profile) -> dict[str, Figure]:
    """The plots for which there are numbers, by name."""
    measured = [record for record in profile.records if record.measured]
    if not measured:
        return {}
    found = {"latency": _by_resolution(profile, measured)}
    if len({record.configuration.batch_size for record in measured}) > 1:
        found["throughput"] = _by_batch(profile, measured)
    staged = [record for record in measured if record.stages]
    if staged:
        found["stages"] = _stages(staged)
    return found


def _by_resolution(profile: Profile, records: Sequence[ProfileRecord]) -> Figure:
    """A panel a model, a line a setting: p50 with a whisker to p99, at the smallest batch."""
    batch = min(record.configuration.batch_size for record in records)
    shown = [record for record in records if record.configuration.batch_size == batch]

    def draw(axes: Axes, line: Sequence[ProfileRecord], index: int) -> None:
        pixels = [_pixels(record)[0] / 1e6 for record in line]
        middle = [1e3 * record.latency() for record in line]
        above = [1e3 * (record.latency(99) - record.latency()) for record in line]
        style = look(index)
        axes.errorbar(pixels, middle, [[0.0] * len(line), above], **vars(style), capsize=2, elinewidth=0.8)
        _hollow(axes, [(x, y) for x, y, record in zip(pixels, middle, line, strict=True) if record.void], index)

    figure, panels = _panels(profile, shown, draw, "latency (ms) ↓")
    sizes = {_pixels(record)[0] / 1e6: size_title(record) for record in shown}
    for axes in panels:
        axes.set(xscale="log", yscale="log", xlabel=f"height {TIMES} width (pixels)")
        axes.set_xticks(list(sizes), list(sizes.values()), rotation=35, ha="right")
        axes.minorticks_off()
        _round_ticks(axes)
    add_note(figure, f"Median on the host's clock, whisker to p99; batch {batch}. {_void_note(shown)}")
    return figure


def _by_batch(profile: Profile, records: Sequence[ProfileRecord]) -> Figure:
    """A panel a model, a line a setting, at the size that has most batch sizes."""
    batches: dict[str, set[int]] = {}
    for record in records:
        batches.setdefault(record.configuration.resolution, set()).add(record.configuration.batch_size)
    size = max(batches, key=lambda resolution: len(batches[resolution]))
    shown = [record for record in records if record.configuration.resolution == size]

    def draw(axes: Axes, line: Sequence[ProfileRecord], index: int) -> None:
        points = [(record.configuration.batch_size, record.throughput) for record in line]
        axes.plot(*zip(*points, strict=True), **vars(look(index)))
        _hollow(axes, [point for point, record in zip(points, line, strict=True) if record.void], index)

    figure, panels = _panels(profile, shown, draw, "pictures a second ↑")
    for axes in panels:
        axes.set(xscale="log", xlabel="batch size")
        axes.set_xticks(sorted(batches[size]), [str(batch) for batch in sorted(batches[size])])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
    add_note(figure, f"At the median latency of {size_title(shown[0])} pictures. {_void_note(shown)}")
    return figure


def _stages(records: Sequence[ProfileRecord]) -> Figure:
    """A panel a size, a bar a model and setting, cut into stages; at the smallest batch."""
    batch = min(record.configuration.batch_size for record in records)
    shown = [record for record in records if record.configuration.batch_size == batch]
    names = list(dict.fromkeys(name for record in shown for name in record.stages))
    models = list(dict.fromkeys(record.model for record in shown))
    bars = list(dict.fromkeys((record.model, record.configuration.setting) for record in shown))
    labels = [f"{printable(model, 24)}, {setting}" if len(models) > 1 else setting for model, setting in bars]
    sizes = list(dict.fromkeys(size_title(record) for record in sorted(shown, key=_pixels)))
    columns = min(_COLUMNS, len(sizes))
    rows = -(-len(sizes) // columns)
    height = 0.9 + 0.26 * len(bars)
    figure = new_figure(0.6 + names_width(labels) + 2.6 * columns, 0.7 + rows * height)
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for axes, size in zip(panels, sizes, strict=False):
        for record in shown:
            if size_title(record) == size:
                _cut_bar(axes, bars.index((record.model, record.configuration.setting)), record, names)
        axes.set(title=size, xlabel="ms", ylim=(len(bars) - 0.5, -0.5))
        axes.set_yticks(range(len(bars)), labels)
        axes.grid(visible=False, axis="y")
    for axes in panels[len(sizes) :]:
        axes.remove()
    handles = [panels[0].barh(0, 0, color=look(index).color) for index in range(len(names))]
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    add_note(figure, f"Median of each stage, batch {batch}.")
    return figure


def _cut_bar(axes: Axes, row: int, record: ProfileRecord, names: Sequence[str]) -> None:
    left = 0.0
    for index, name in enumerate(names):
        if record.stages.get(name):
            width = 1e3 * statistics.median(record.stages[name])
            axes.barh(row, width, left=left, height=0.7, color=look(index).color)
            left += width


def _pixels(record: ProfileRecord) -> tuple[int, int]:
    return record.configuration.height * record.configuration.width, record.configuration.height


def _panels(
    profile: Profile,
    records: Sequence[ProfileRecord],
    draw: Callable[[Axes, Sequence[ProfileRecord], int], None],
    label: str,
) -> tuple[Figure, list[Axes]]:
    """A panel a model on one scale, a line a setting, the legend beside them."""
    models = [key for key in profile.models if any((r.model, r.fingerprint) == key for r in records)]
    settings = list(dict.fromkeys(record.configuration.setting for record in records))
    columns = min(_COLUMNS, len(models))
    rows = -(-len(models) // columns)
    figure = new_figure(1.0 + names_width(settings) + 2.9 * columns, 0.5 + 2.7 * rows)
    panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for axes, key in zip(panels, models, strict=False):
        lines = _lines([record for record in records if (record.model, record.fingerprint) == key])
        for setting, line in lines.items():
            draw(axes, line, settings.index(setting))
        axes.set_title(printable(key[0], 32))
        axes.tick_params(labelbottom=True)
    for axes in panels[::columns]:
        axes.set_ylabel(label)
    for axes in panels[len(models) :]:
        axes.remove()
    handles = [panels[0].plot([], [], **vars(look(index)))[0] for index in range(len(settings))]
    figure.legend(handles, settings, loc="outside right upper")
    return figure, panels[: len(models)]


def _lines(records: Sequence[ProfileRecord]) -> Mapping[str, list[ProfileRecord]]:
    lines: dict[str, list[ProfileRecord]] = {}
    for record in sorted(records, key=lambda r: (_pixels(r), r.configuration.batch_size)):
        lines.setdefault(record.configuration.setting, []).append(record)
    return lines


def _hollow(axes: Axes, points: Sequence[tuple[float, float]], index: int) -> None:
    if points:
        axes.plot(
            *zip(*points, strict=True), look(index).marker, color=look(index).color, markerfacecolor="white", zorder=5
        )


def _round_ticks(axes: Axes) -> None:
    """1, 2, 5, 10 ... in plain digits on the latency axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _void_note(records: Sequence[ProfileRecord]) -> str:
    return _VOID if any(record.void for record in records) else ""
