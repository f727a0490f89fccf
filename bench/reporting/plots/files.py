"""All plots of a run as files: values by hole share, ranks, means with their intervals, and distributions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.plots.by_class import class_plot
from bench.reporting.plots.cost import cost_plot
from bench.reporting.plots.critical_difference import critical_difference_plot
from bench.reporting.plots.distribution import distribution_plot
from bench.reporting.plots.edits import edits_plot
from bench.reporting.plots.hole_share import hole_share_plot
from bench.reporting.plots.intervals import interval_columns, intervals_plot
from bench.reporting.plots.latency import latency_plot
from bench.reporting.plots.style import note_missing_letters, save, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_plots"]


def write_plots(analysis: RunAnalysis, profile: Profile | None = None) -> list[Path]:
    """Write the plots as PNG and PDF under `plots/`; returns the paths.

    `hole-share`; `critical-difference`; `intervals`, and `intervals-2`, ... for metrics that do not fit beside it;
    `by-class`; `edits`; `distribution-<metric>-<region>`. Plots for which the run has no values are left out. With a
    profile `cost`, quality against latency, and `profile-latency`, latency by resolution.
    """
    headline = analysis.headline_columns
    ranked = headline if len(analysis.run.info.protocols) == 1 else analysis.main_columns[:1]
    drawn: dict[str, Callable[[], Figure | None]] = {
        "hole-share": partial(hole_share_plot, analysis),
        "critical-difference": partial(critical_difference_plot, analysis, ranked),
        **{
            f"intervals-{place}" if place > 1 else "intervals": partial(intervals_plot, analysis, columns)
            for place, columns in enumerate(interval_columns(analysis), 1)
        },
        "by-class": partial(class_plot, analysis),
        "edits": partial(edits_plot, analysis),
        **{f"distribution-{c.key.replace('.', '-')}": partial(distribution_plot, analysis, c) for c in headline},
    }
    if profile is not None:
        drawn |= {
            "cost": partial(cost_plot, analysis, profile),
            "profile-latency": partial(latency_plot, profile),
        }
    info = analysis.run.info
    names = [*(model.title for model in analysis.models), *info.protocols, *info.dataset.classes]
    written: list[Path] = []
    with styled(names):
        for name, draw in drawn.items():
            figure = draw()
            if figure is not None:
                note_missing_letters(figure, names)
                written += save(figure, analysis.run.layout.plots / name)
    return written
