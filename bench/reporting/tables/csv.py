"""The unrounded numbers of a table as CSV, in long format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics import MetricKey
from bench.reporting.csv_text import csv_text
from bench.reporting.tables.model import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["csv_table"]


def csv_table(table: Table) -> str:
    """Every number with its interval, counts, unit and direction, a line each.

    A table with published figures has them behind its own numbers, told apart by the column `published`.
    """
    numbers = table.numbers()
    return csv_text(_with_published(numbers, table) if table.published else numbers)


def _with_published(numbers: pd.DataFrame, table: Table) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "model": figure.model,
            "protocol": figure.protocol,
            "dataset": figure.dataset,
            "metric": MetricKey.parse(figure.metric).metric,
            "region": MetricKey.parse(figure.metric).region,
            "value": figure.value,
            "unit": column.unit,
            "direction": {True: "higher", False: "lower", None: None}[column.higher_is_better],
            "published": True,
            "source": figure.source,
            "note": figure.note,
        }
        for block in table.published
        for column in block.columns
        for figure in block.figures
        if figure.metric == column.key
    ]
    own = numbers.assign(published=False, source=None, note=None).astype(object)  # whole numbers stay whole
    return pd.concat([own, pd.DataFrame(rows, columns=list(own.columns), dtype=object)])
