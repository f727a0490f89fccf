"""All plots of a run as files: values by hole share, distributions, and means with their intervals."""

from __future__ import annotations

from pathlib import Path

from bench.records import Run
from bench.reporting.distributions import distributions
from bench.reporting.frame import values_frame
from bench.reporting.hole_share import by_hole_share
from bench.reporting.intervals import intervals
from bench.reporting.measures import measures
from bench.reporting.style import save, styled

__all__ = ["write_plots"]


def write_plots(run: Run) -> list[Path]:
    """Write `plots/hole-share.*`, `plots/intervals.*` and `plots/distribution-<metric>-<region>.*`; returns the paths.

    Plots for which the run has no values yet are left out.
    """
    values = values_frame(run)
    headline = measures(run)
    folder = run.layout.plots
    written: list[Path] = []
    with styled():
        for name, figure in (
            ("hole-share", by_hole_share(run, values, headline)),
            ("intervals", intervals(run, headline)),
            *((f"distribution-{m.key.replace('.', '-')}", distributions(run, values, m)) for m in headline),
        ):
            if figure is not None:
                written += save(figure, folder / name)
    return written
