"""All plots of a run as files: values by hole share, ranks, means with their intervals, and distributions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.records import Run
from bench.reporting.class_bars import by_class
from bench.reporting.critical_difference import critical_difference
from bench.reporting.distributions import distributions
from bench.reporting.hole_share import by_hole_share
from bench.reporting.intervals import intervals
from bench.reporting.measures import measures
from bench.reporting.style import save, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_plots"]


def write_plots(run: Run) -> list[Path]:
    """Write the plots as PNG and PDF under `plots/`; returns the paths.

    `hole-share`, `critical-difference`, `intervals`, `by-class` and `distribution-<metric>-<region>`; plots for which
    the run has no values are left out.
    """
    headline = measures(run)
    drawn: dict[str, Callable[[], Figure | None]] = {
        "hole-share": partial(by_hole_share, run, headline),
        "critical-difference": partial(critical_difference, run, headline),
        "intervals": partial(intervals, run, headline),
        "by-class": partial(by_class, run),
        **{f"distribution-{m.key.replace('.', '-')}": partial(distributions, run, m) for m in headline},
    }
    written: list[Path] = []
    with styled():
        for name, draw in drawn.items():
            figure = draw()
            if figure is not None:
                written += save(figure, run.layout.plots / name)
    return written
