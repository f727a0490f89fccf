"""All plots of a run as files: values by hole share, ranks, means with their intervals, and distributions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.records import Run
from bench.records.profile import Profile
from bench.reporting.class_bars import by_class
from bench.reporting.cost_plot import quality_against_latency
from bench.reporting.critical_difference import critical_difference
from bench.reporting.distributions import distributions
from bench.reporting.hole_share import by_hole_share
from bench.reporting.intervals import intervals
from bench.reporting.latency_plots import figures as latency_figures
from bench.reporting.measures import measures
from bench.reporting.style import save, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_plots"]


def write_plots(run: Run, profile: Profile | None = None) -> list[Path]:
    """Write the plots as PNG and PDF under `plots/`; returns the paths.

    `hole-share`, `critical-difference`, `intervals`, `by-class` and `distribution-<metric>-<region>`; plots for which
    the run has no values are left out. With a profile `cost`, quality against latency, and `profile-latency`, latency
    by resolution.
    """
    headline = measures(run)
    drawn: dict[str, Callable[[], Figure | None]] = {
        "hole-share": partial(by_hole_share, run, headline),
        "critical-difference": partial(critical_difference, run, headline),
        "intervals": partial(intervals, run, headline),
        "by-class": partial(by_class, run),
        **{f"distribution-{m.key.replace('.', '-')}": partial(distributions, run, m) for m in headline},
    }
    if profile is not None:
        drawn |= {
            "cost": partial(quality_against_latency, run, profile),
            "profile-latency": lambda: latency_figures(profile).get("latency"),
        }
    written: list[Path] = []
    with styled():
        for name, draw in drawn.items():
            figure = draw()
            if figure is not None:
                written += save(figure, run.layout.plots / name)
    return written
