"""What the stages of a model take, where it has them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.records.profile import Profile, ProfileRecord
from bench.reporting.fonts import printable
from bench.reporting.plots.profile_panels import PROFILE_COLUMNS, measured_records, pixel_count
from bench.reporting.plots.style import add_note, look, names_width, new_figure
from bench.reporting.titles import resolution_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_cut_bars", "stages_plot"]

_LEGEND_COLUMNS = 4


def stages_plot(profile: Profile) -> Figure | None:
    """A panel a size, a bar a model and setting, cut into stages; at the smallest batch. None without stages."""
    return draw_cut_bars(profile, lambda record: record.stages, "Median of each stage, batch {batch}.")


def draw_cut_bars(
    profile: Profile, parts: Callable[[ProfileRecord], Mapping[str, Sequence[float]]], note: str
) -> Figure | None:
    """A panel a size, a bar a model and setting, cut into the medians of its parts; at the smallest batch.

    Args:
        profile: what was measured.
        parts: of a record, each with its seconds; a record without parts is left out.
        note: below the panels; `{batch}` stands for the batch size.

    Returns:
        None without parts.
    """
    records = [record for record in measured_records(profile) if parts(record)]
    if not records:
        return None
    batch = min(record.configuration.batch_size for record in records)
    shown = [record for record in records if record.configuration.batch_size == batch]
    names = list(dict.fromkeys(name for record in shown for name in parts(record)))
    models = list(dict.fromkeys(record.model for record in shown))
    bars = list(dict.fromkeys((record.model, record.configuration.setting) for record in shown))
    labels = [f"{printable(model, 24)}, {setting}" if len(models) > 1 else setting for model, setting in bars]
    sizes = list(dict.fromkeys(resolution_title(record.configuration) for record in sorted(shown, key=pixel_count)))
    columns = min(PROFILE_COLUMNS, len(sizes))
    rows = -(-len(sizes) // columns)
    height = 0.9 + 0.26 * len(bars)
    figure = new_figure(0.6 + names_width(labels) + 2.6 * columns, 0.7 + rows * height)
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for axes, size in zip(panels, sizes, strict=False):
        for record in shown:
            if resolution_title(record.configuration) == size:
                _cut_bar(axes, bars.index((record.model, record.configuration.setting)), parts(record), names)
        axes.set(title=size, xlabel="ms", ylim=(len(bars) - 0.5, -0.5))
        axes.set_yticks(range(len(bars)), labels)
        axes.grid(visible=False, axis="y")
    for axes in panels[len(sizes) :]:
        axes.remove()
    handles = [panels[0].barh(0, 0, color=look(index).color) for index in range(len(names))]
    figure.legend(handles, names, loc="outside upper center", ncols=min(len(names), _LEGEND_COLUMNS))
    add_note(figure, note.format(batch=batch))
    return figure


def _cut_bar(axes: Axes, row: int, parts: Mapping[str, Sequence[float]], names: Sequence[str]) -> None:
    left = 0.0
    for index, name in enumerate(names):
        if parts.get(name):
            width = 1e3 * statistics.median(parts[name])
            axes.barh(row, width, left=left, height=0.7, color=look(index).color)
            left += width
