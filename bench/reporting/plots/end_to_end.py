"""What the parts of the path of a service take, from the bytes of files to those of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.records.profile import Profile
from bench.reporting.plots.stages import draw_cut_bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["end_to_end_plot"]


def end_to_end_plot(profile: Profile) -> Figure | None:
    """A panel a size, a bar a model and setting, cut into parts; None where no path was timed."""
    note = "From files to answers: median of each part, batch {batch}."
    return draw_cut_bars(profile, lambda record: {} if record.end_to_end is None else record.end_to_end.parts, note)
