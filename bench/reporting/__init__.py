"""Tables, plots, picture grids and the page of a run, made from its records alone: no model and no torch is imported.

`bench.reporting.contact_sheet.contact_sheet` draws the contact sheets of the mask protocols.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from bench.records import Run

__all__ = ["main_table", "paper_layout", "report", "scores_frame", "values_frame"]


def report(out: Path | Run, *, intervals: bool = False, profile: Path | None = None) -> list[Path]:
    """Write all tables, plots and grids of the run in `out` beside its records, and `report.html` with all of them.

    The same records give the same bytes. A run that is not whole yet is reported as far as it is.

    Args:
        out: the folder, or the run that was read from it.
        intervals: whether LaTeX tables, too, carry 95 % intervals.
        profile: output folder of a profile, to put cost beside quality; None: that of the run, if it was profiled.

    Returns:
        The files written: tables, plots, grids, the page, in an order that does not change.

    Raises:
        UsageError: when `out` holds no run, a cell of it was edited or damaged, or `profile` holds no profile.
    """
    from bench.records import read_run
    from bench.reporting.cost import profile_of
    from bench.reporting.gallery import write_gallery
    from bench.reporting.page import write_page
    from bench.reporting.plots import write_plots
    from bench.reporting.tables import write_tables

    run = read_run(out) if isinstance(out, Path) else out
    cost = profile_of(run, profile)
    tables, plots = write_tables(run, intervals=intervals, profile=cost), write_plots(run, cost)
    grids = write_gallery(run)
    copied = [path for path in tables if path.suffix != ".html"]  # the page has tables of its own
    return [*tables, *plots, *grids, write_page(run, copied, plots, cost)]


def main_table(run: Run) -> str:
    """The overall table as Markdown that also reads well on a terminal: a section a protocol, a row a model."""
    from bench.reporting.markdown import markdown
    from bench.reporting.table import build_table

    return markdown(build_table(run), intervals=False)


def paper_layout(
    run: Run, protocols: tuple[str, ...] | None = None, *, intervals: bool = False
) -> tuple[str, list[Path]]:
    """The table of the SPG-Net paper's comparison: whole-picture L1, SSIM and PSNR, a block a protocol.

    Args:
        run: what was run.
        protocols: which, with or without their version, or all.
        intervals: whether numbers carry their 95 % intervals.

    Returns:
        The table as Markdown, and the files written: `tables/paper.*`.

    Raises:
        UsageError: a protocol that is not in the run, or none of the three metrics in it.
    """
    from bench.reporting.markdown import markdown
    from bench.reporting.tables import paper_table, write_paper

    table = paper_table(run, protocols)
    return markdown(table, intervals=intervals), write_paper(run, table, intervals=intervals)


def scores_frame(run: Run) -> pd.DataFrame:
    """The cells as a pandas data frame, a row for every model, protocol, metric and region: what the CSV files hold."""
    from bench.reporting import numbers

    return numbers.scores_frame(run)


def values_frame(run: Run) -> pd.DataFrame:
    """The records as a pandas data frame, a row for every model, protocol, sample and `metric.region`."""
    from bench.reporting import numbers

    return numbers.values_frame(run)
