"""A table as GitHub-flavoured Markdown whose source is aligned for terminals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.tables.model import ORACLE_NOTE, Table, TableEntry
from bench.reporting.tables.published import PUBLISHED_TITLE, Published

__all__ = ["escape_markdown", "markdown_grid", "markdown_table"]

_ORACLE_NOTE = ORACLE_NOTE.replace("Oracle", "*Oracle*")


def escape_markdown(text: str) -> str:
    """Any text as itself, in a table cell too: no markup, HTML, line break or column comes out of it."""
    line = "".join(char if char.isprintable() else " " for char in text)
    line = re.sub(r"([\\`*\[\]<>|~&#$])", r"\\\1", line)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", line)


def markdown_table(table: Table, *, intervals: bool = True) -> str:
    """A section a group, then notes and signatures.

    Args:
        table: what to print.
        intervals: whether numbers carry their 95 % intervals.
    """
    sections = [_section(table, group, intervals=intervals) for group in table.groups]
    foot = [
        *(map(escape_markdown, table.interval_notes) if intervals else ()),
        *([_ORACLE_NOTE] if table.has_oracles else []),
        *map(escape_markdown, table.notes),
        *(f"{escape_markdown(title)}: `{_code(signature)}`" for title, signature in table.signatures),
    ]
    return "\n".join([f"# {escape_markdown(table.title)}\n", *sections, *(f"- {line}" for line in foot)]) + "\n"


def _section(table: Table, group: Group, *, intervals: bool) -> str:
    header = [escape_markdown(table.row_title), *map(_heading, table.columns), *table.facts]
    body = [
        [
            _model(row),
            *(_entry(entry, intervals=intervals) for entry in table.entries(row)),
            *table.facts_of(row),
        ]
        for row in group.rows
    ]
    blocks = "".join(f"\n{_published(block)}\n" for block in table.published_below(group))
    return f"## {escape_markdown(group.title)}\n\n{markdown_grid(header, body)}\n{blocks}"


def _published(block: Published) -> str:
    header = ["model", *map(_heading, block.columns), "source"]
    body = [[escape_markdown(row.model), *row.texts, escape_markdown(row.source)] for row in block.rows]
    notes = "\n\n".join(map(escape_markdown, block.notes))  # no list, which would run on into that of the foot
    grid = markdown_grid(header, body, left=(0, len(header) - 1))
    return f"### {PUBLISHED_TITLE}\n\n{grid}\n\n{notes}"


def _heading(column: Column) -> str:
    return " ".join(filter(None, (escape_markdown(column.title), column.arrow, escape_markdown(column.unit))))


def _model(row: Row) -> str:
    title = escape_markdown(row.model.title)
    return f"*{title}*" if row.model.oracle else title


def _entry(entry: TableEntry, *, intervals: bool) -> str:
    number = {"": "{}", "best": "**{}**", "second": "<u>{}</u>"}[entry.mark].format(entry.text)
    return f"{number} {entry.interval}" if intervals and entry.interval else number


def markdown_grid(header: Sequence[str], body: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Numbers to the right, words (the columns of `left`) to the left."""
    widths = [max(3, *(len(row[index]) for row in (header, *body))) for index in range(len(header))]
    places: list[Callable[[str, int], str]] = [
        str.ljust if index in left else str.rjust for index in range(len(header))
    ]
    rule = [":" + "-" * (width - 1) if index in left else "-" * (width - 1) + ":" for index, width in enumerate(widths)]
    lines = [
        [place(cell, width) for place, cell, width in zip(places, row, widths, strict=True)] for row in (header, *body)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
