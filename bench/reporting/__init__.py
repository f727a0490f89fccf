"""Tables, plots, picture grids and the page of a run, made from its records alone: no model and no torch is imported.

`bench.reporting.contact_sheet.contact_sheet` draws the contact sheets of the mask protocols.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.records import Run

__all__ = ["main_table", "report"]


def report(out: Path) -> list[Path]:
    """Write all tables, plots and grids of the run in `out` beside its records, and `report.html` with all of them.

    The same records give the same bytes. A run that is not whole yet is reported as far as it is.

    Returns:
        The files written: tables, plots, grids, the page, in an order that does not change.

    Raises:
        UsageError: when `out` holds no run, or a cell of it was edited or damaged.
    """
    from bench.records import read_run
    from bench.reporting.gallery import write_gallery
    from bench.reporting.page import write_page
    from bench.reporting.plots import write_plots
    from bench.reporting.tables import write_tables

    run = read_run(out)
    tables, plots, grids = write_tables(run), write_plots(run), write_gallery(run)
    return [*tables, *plots, *grids, write_page(run, tables, plots)]


def main_table(run: Run) -> str:
    """The overall table as Markdown that also reads well on a terminal: a section a protocol, a row a model."""
    from bench.reporting.markdown import markdown
    from bench.reporting.table import build_table

    return markdown(build_table(run), intervals=False)
