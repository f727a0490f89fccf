"""A table as a plain HTML fragment, to be pasted into a page: no style, no script, all text escaped."""

from __future__ import annotations

from bench.reporting.tables.model import ORACLE_NOTE, Table
from bench.reporting.tables.published import PUBLISHED_TITLE
from bench.reporting.templating import html_environment

__all__ = ["html_table"]

_ORACLE_NOTE = ORACLE_NOTE.replace("rows", "rows (in italics)")


def html_table(table: Table, *, intervals: bool = True) -> str:
    """A `table` a group, then notes and signatures.

    Args:
        table: what to print.
        intervals: whether numbers carry their 95 % intervals.
    """
    notes = [
        *(table.interval_notes if intervals else ()),
        *([_ORACLE_NOTE] if table.has_oracles else []),
        *table.notes,
    ]
    template = html_environment("bench.reporting.tables").get_template("table.html.jinja")
    return template.render(table=table, notes=notes, intervals=intervals, published_title=PUBLISHED_TITLE)
