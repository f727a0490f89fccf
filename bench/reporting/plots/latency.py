"""Latency by resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.records.profile import Profile, ProfileRecord
from bench.reporting.formatting import TIMES
from bench.reporting.plots.profile_panels import draw_hollow, draw_panels, measured_records, pixel_count, void_note
from bench.reporting.plots.style import add_note, look, plain_ticks
from bench.reporting.titles import resolution_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["latency_plot"]


def latency_plot(profile: Profile) -> Figure | None:
    """A panel a model, a line a setting: p50 with a whisker to p99, at the smallest batch; None without numbers."""
    records = measured_records(profile)
    if not records:
        return None
    batch = min(record.configuration.batch_size for record in records)
    shown = [record for record in records if record.configuration.batch_size == batch]

    def draw(axes: Axes, line: Sequence[ProfileRecord], index: int) -> None:
        pixels = [pixel_count(record)[0] / 1e6 for record in line]
        middle = [1e3 * record.latency() for record in line]
        above = [1e3 * (record.latency(99) - record.latency()) for record in line]
        style = look(index)
        axes.errorbar(pixels, middle, [[0.0] * len(line), above], **vars(style), capsize=2, elinewidth=0.8)
        draw_hollow(axes, [(x, y) for x, y, record in zip(pixels, middle, line, strict=True) if record.invalid], index)

    figure, panels = draw_panels(profile, shown, draw, "latency (ms) ↓")
    sizes = {pixel_count(record)[0] / 1e6: resolution_title(record.configuration) for record in shown}
    for axes in panels:
        axes.set(xscale="log", yscale="log", xlabel=f"height {TIMES} width (pixels)")
        axes.set_xticks(list(sizes), list(sizes.values()), rotation=35, ha="right")
        axes.minorticks_off()
        plain_ticks(axes.yaxis)
    add_note(figure, f"Median on the host's clock, whisker to p99; batch {batch}. {void_note(shown)}")
    return figure
