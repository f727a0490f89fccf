"""A table as a plain HTML fragment, to be pasted into a page: no style, no script, all text escaped."""

from __future__ import annotations

from bench.reporting.page.markup import Markup, join, name, tag
from bench.reporting.table import Entry, Group, Row, Table
from bench.statistics import INTERVAL

__all__ = ["html_table"]

_ORACLE = "Oracle rows (in italics) are given labels of the truth and are not ranked."
_INTERVALS = f"In brackets the 95 % interval of the mean: {INTERVAL}."


def html_table(table: Table, *, intervals: bool = True) -> str:
    """A `table` a group, then notes and signatures.

    Args:
        table: what to print.
        intervals: whether numbers carry their 95 % intervals.
    """
    rows = [row for group in table.groups for row in group.rows]
    notes = [
        *([_INTERVALS] if intervals and any(entry.interval for row in rows for entry in row.entries) else []),
        *([_ORACLE] if any(row.oracle for row in rows) else []),
        *table.notes,
    ]
    parts = [
        *(_grid(table, group, intervals) for group in table.groups),
        *([tag("ul", "\n", *(join([tag("li", note), "\n"]) for note in notes))] if notes else []),
        *([_signatures(table)] if table.signatures else []),
    ]
    return tag("section", "\n", tag("h2", name(table.title)), "\n", *(join([part, "\n"]) for part in parts)) + "\n"


def _grid(table: Table, group: Group, intervals: bool) -> Markup:
    head = tag("tr", *(tag("th", text, scope="col") for text in ("model", *_headings(table), *table.facts)))
    lines = [join([_line(table, row, intervals), "\n"]) for row in group.rows]
    return tag(
        "table",
        "\n",
        tag("caption", name(group.title)),
        "\n",
        tag("thead", head),
        "\n",
        tag("tbody", "\n", *lines),
        "\n",
    )


def _headings(table: Table) -> list[str]:
    return [" ".join(filter(None, (column.title, column.arrow, column.unit))) for column in table.columns]


def _line(table: Table, row: Row, intervals: bool) -> Markup:
    model = tag("em", name(row.model)) if row.oracle else name(row.model)
    cells = [tag("td", _entry(entry, intervals)) for entry in row.entries]
    return tag("tr", tag("th", model, scope="row"), *cells, *(tag("td", text) for text in table.facts_of(row)))


def _entry(entry: Entry, intervals: bool) -> Markup:
    number = join([entry.text]) if not entry.mark else tag({"best": "strong", "second": "u"}[entry.mark], entry.text)
    return join([number, " ", tag("small", entry.interval)]) if intervals and entry.interval else number


def _signatures(table: Table) -> Markup:
    lines = [join([tag("dt", title), tag("dd", tag("code", text)), "\n"]) for title, text in table.signatures]
    return tag("dl", "\n", *lines)
