"""What the plots of a profile share: a panel a model, a line a setting, hollow marks for INVALID timings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bench.records.profile import Profile, ProfileRecord
from bench.reporting.fonts import printable
from bench.reporting.plots.style import look, names_width, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PROFILE_COLUMNS", "draw_hollow", "draw_panels", "measured_records", "pixel_count", "void_note"]

PROFILE_COLUMNS = 3
"""Panels side by side."""

_INVALID = "Hollow: INVALID, the machine was not quiet or not steady."


def measured_records(profile: Profile) -> list[ProfileRecord]:
    """Those with numbers."""
    return [record for record in profile.records if record.measured]


def pixel_count(record: ProfileRecord) -> tuple[int, int]:
    """Pixels of a picture, and its height: sizes in order."""
    return record.configuration.height * record.configuration.width, record.configuration.height


def draw_panels(
    profile: Profile,
    records: Sequence[ProfileRecord],
    draw: Callable[[Axes, Sequence[ProfileRecord], int], None],
    label: str,
) -> tuple[Figure, list[Axes]]:
    """A panel a model on one scale, a line a setting, the legend beside them."""
    models = [key for key in profile.models if any((r.model, r.fingerprint) == key for r in records)]
    settings = list(dict.fromkeys(record.configuration.setting for record in records))
    columns = min(PROFILE_COLUMNS, len(models))
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


def draw_hollow(axes: Axes, points: Sequence[tuple[float, float]], index: int) -> None:
    """Marks that are not filled, over those of a line."""
    if points:
        axes.plot(
            *zip(*points, strict=True), look(index).marker, color=look(index).color, markerfacecolor="white", zorder=5
        )


def void_note(records: Sequence[ProfileRecord]) -> str:
    """What hollow marks mean, if there are any."""
    return _INVALID if any(record.invalid for record in records) else ""


def _lines(records: Sequence[ProfileRecord]) -> Mapping[str, list[ProfileRecord]]:
    lines: dict[str, list[ProfileRecord]] = {}
    for record in sorted(records, key=lambda r: (pixel_count(r), r.configuration.batch_size)):
        lines.setdefault(record.configuration.setting, []).append(record)
    return lines
