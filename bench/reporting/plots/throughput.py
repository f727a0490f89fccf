"""Throughput by batch size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.records.profile import Profile, ProfileRecord
from bench.reporting.plots.profile_panels import draw_hollow, draw_panels, measured_records, void_note
from bench.reporting.plots.style import add_note, look
from bench.reporting.titles import resolution_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["throughput_plot"]


def throughput_plot(profile: Profile) -> Figure | None:
    """A panel a model, a line a setting, at the size that has most batch sizes; None where all batches are equal."""
    records = measured_records(profile)
    if len({record.configuration.batch_size for record in records}) < 2:
        return None
    batches: dict[str, set[int]] = {}
    for record in records:
        batches.setdefault(record.configuration.resolution, set()).add(record.configuration.batch_size)
    size = max(batches, key=lambda resolution: len(batches[resolution]))
    shown = [record for record in records if record.configuration.resolution == size]

    def draw(axes: Axes, line: Sequence[ProfileRecord], index: int) -> None:
        points = [(record.configuration.batch_size, record.throughput) for record in line]
        axes.plot(*zip(*points, strict=True), **vars(look(index)))
        draw_hollow(axes, [point for point, record in zip(points, line, strict=True) if record.invalid], index)

    figure, panels = draw_panels(profile, shown, draw, "pictures a second ↑")
    for axes in panels:
        axes.set(xscale="log", xlabel="batch size")
        axes.set_xticks(sorted(batches[size]), [str(batch) for batch in sorted(batches[size])])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
    add_note(
        figure, f"At the median latency of {resolution_title(shown[0].configuration)} pictures. {void_note(shown)}"
    )
    return figure
