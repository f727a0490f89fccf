"""The unrounded numbers of a table as CSV, in long format."""

from __future__ import annotations

from bench.reporting.tables.model import Table

__all__ = ["csv_table"]


def csv_table(table: Table) -> str:
    """Every number with its interval, counts, unit and direction, a line each."""
    return table.numbers().to_csv(index=False, lineterminator="\n")
