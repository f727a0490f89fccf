"""Tables, plots, picture grids and the page of a run, made from its records alone: no model and no torch is imported.

- `formatting`: how numbers are rounded and written, and nothing else.
- `analysis`: what is computed of the records; `RunAnalysis` holds it all, and is made once a report.
- `tables`, `plots`, `images`: what is made of an analysis.
- `page`: `report.html`, one page with all of them; `profile`: what is made of a profile's records.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from bench.records import Run
    from bench.reporting.analysis import RunAnalysis

__all__ = ["main_table", "paper_layout", "report", "scores_frame", "values_frame"]


def report(out: Path | Run | RunAnalysis, *, intervals: bool = False, profile: Path | None = None) -> list[Path]:
    """Write all tables, plots and grids of the run in `out` beside its records, and `report.html` with all of them.

    The same records give the same bytes. A run that is not whole yet is reported as far as it is.

    Args:
        out: the folder, the run that was read from it, or its analysis.
        intervals: whether LaTeX tables, too, carry 95 % intervals.
        profile: output folder of a profile, to put cost beside quality; None: that of the run, if it was profiled.

    Returns:
        The files written: tables, plots, grids, the page, in an order that does not change.

    Raises:
        UsageError: when `out` holds no run, a cell of it was edited or damaged, or `profile` holds no profile.
    """
    from bench.records import read_run
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.analysis.cost import profile_of
    from bench.reporting.images.edits import write_edit_sheets
    from bench.reporting.images.gallery import write_gallery
    from bench.reporting.page import write_page
    from bench.reporting.plots.files import write_plots
    from bench.reporting.tables.files import write_tables

    analysis = RunAnalysis.of(read_run(out) if isinstance(out, Path) else out)
    cost = profile_of(analysis.run, profile)
    tables, plots = write_tables(analysis, intervals=intervals, profile=cost), write_plots(analysis, cost)
    grids = [*write_gallery(analysis), *write_edit_sheets(analysis)]
    copied = [path for path in tables if path.suffix != ".html"]  # the page has tables of its own
    return [*tables, *plots, *grids, write_page(analysis, copied, plots, cost)]


def main_table(run: Run | RunAnalysis) -> str:
    """The overall table as Markdown that also reads well on a terminal: a section a protocol, a row a model."""
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.tables.main_table import build_main_table
    from bench.reporting.tables.markdown import markdown_table

    return markdown_table(build_main_table(RunAnalysis.of(run)), intervals=False)


def paper_layout(
    run: Run | RunAnalysis, protocols: tuple[str, ...] | None = None, *, intervals: bool = False
) -> tuple[str, list[Path]]:
    """The table of the SPG-Net paper's comparison: whole-picture L1, SSIM and PSNR, a block a protocol.

    Args:
        run: what was run, or its analysis.
        protocols: which, with or without their version, or all.
        intervals: whether numbers carry their 95 % intervals.

    Returns:
        The table as Markdown, and the files written: `tables/paper.*`.

    Raises:
        UsageError: a protocol that is not in the run, or none of the three metrics in it.
    """
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.tables.files import write_table
    from bench.reporting.tables.main_table import paper_table
    from bench.reporting.tables.markdown import markdown_table

    analysis = RunAnalysis.of(run)
    table = paper_table(analysis, protocols)
    paths = write_table(analysis.run.layout, "paper", table, intervals=intervals, intervals_in_text=intervals)
    return markdown_table(table, intervals=intervals), paths


def scores_frame(run: Run | RunAnalysis) -> pd.DataFrame:
    """The cells as a pandas data frame, a row for every model, protocol, metric and region: what the CSV files hold."""
    from bench.reporting.analysis import RunAnalysis, frames

    return frames.scores_frame(RunAnalysis.of(run))


def values_frame(run: Run | RunAnalysis) -> pd.DataFrame:
    """The records as a pandas data frame, a row for every model, protocol, sample and `metric.region`."""
    from bench.reporting.analysis import RunAnalysis, frames

    return frames.values_frame(RunAnalysis.of(run))
