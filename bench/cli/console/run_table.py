"""The main table of a run in a terminal, and the verdict in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from bench.cli.console.screen import (
    GridColumn,
    GridText,
    Screen,
    Style,
    draw_grid,
    fitting,
    paragraph,
    screen_of_stdout,
    styled,
)
from bench.cli.console.session import say, session

if TYPE_CHECKING:
    from bench.reporting.analysis import RunAnalysis
    from bench.reporting.analysis.columns import Column
    from bench.reporting.analysis.groups import Group, Row
    from bench.reporting.tables.model import Table, TableEntry
    from bench.reporting.tables.published import Published

__all__ = ["show_run", "terminal_table"]

_COUNTS = ("n", "failed", "skipped")
_MEANINGS = {"best": "best", "tied": "tied: not distinguishable from the best", "second": "second best, not tested"}
_SIGNS = {"best": "*", "tied": "=", "second": "+"}
_STYLES: dict[str, Style] = {"best": "bold green", "tied": "green", "second": "yellow"}


def show_run(analysis: RunAnalysis, metrics: Sequence[str] | None = None) -> None:
    """Print the main table and the verdict: a table for a terminal, else Markdown with the verdict on stderr.

    Args:
        analysis: of the run.
        metrics: what was asked for; a terminal's table begins with it, and the verdict is about the first.
    """
    from bench.reporting import main_table
    from bench.reporting.tables.main_table import build_main_table

    screen, verdict = screen_of_stdout(), _verdict(analysis, metrics or ())
    if screen is None:
        typer.echo(main_table(analysis))
        if verdict:
            say(verdict)
        return
    file = analysis.run.layout.tables / "overall.md"
    where = str(file) if file.exists() else ""
    table = build_main_table(analysis)
    typer.echo(terminal_table(table, screen, metrics=metrics or (), verbose=session.verbose, where=where), nl=False)
    if verdict:
        typer.echo("\n" + styled(paragraph(verdict, screen).rstrip(), "bold", screen))


def terminal_table(
    table: Table, screen: Screen, *, metrics: Sequence[str] = (), verbose: bool = False, where: str = ""
) -> str:
    """A table as wide as the terminal.

    Args:
        table: what to print.
        screen: the terminal.
        metrics: those that go first.
        verbose: whether all columns and the signatures are printed, however wide that is.
        where: the file with all columns, for the line about those that are left out; empty without one.
    """
    columns = _ordered(table.columns, metrics)
    grid = [GridColumn("model", left=True), *map(_heading, columns), *map(GridColumn, table.facts)]
    bodies = [[_cells(table, group, row, columns, screen) for row in group.rows] for group in table.groups]
    counts = [place for place, one in enumerate(grid) if one.title in _COUNTS]
    wanted = [place for place in _by_worth(columns) if place not in counts]
    wanted += [place for place in range(len(columns) + 1, len(grid)) if place not in counts]
    shown = fitting(grid, [row for body in bodies for row in body], screen, [0, *counts], wanted)
    shown = list(range(len(grid))) if verbose else shown
    parts = [_heading_line(table.title, screen)]
    for group, body in zip(table.groups, bodies, strict=True):
        rows = [[row[place] for place in shown] for row in body]
        parts.append(_heading_line(group.title, screen) + draw_grid([grid[place] for place in shown], rows, screen))
        parts += [_published(block, screen) for block in table.published_below(group)]
    parts.append(_legend(table, screen))
    left_out = [_name(grid[place]) for place in range(len(grid)) if place not in shown]
    parts.append("".join(paragraph(line, screen, "  ") for line in _foot(table, left_out, where, verbose=verbose)))
    return "\n".join(filter(None, parts))


def _verdict(analysis: RunAnalysis, metrics: Sequence[str]) -> str:
    from bench.reporting.analysis.verdict import verdict_of

    asked = [column.key for column in _ordered(analysis.headline_columns, metrics) if column.metric in _known(metrics)]
    found = verdict_of(analysis, next(iter(asked), None))
    return found.text if found else ""


def _known(metrics: Sequence[str]) -> list[str]:
    """Metrics as the catalogue calls them."""
    from bench.metrics import METRICS
    from bench.registry import match_name

    names = [entry.name for entry in METRICS]
    return [match_name(name, names) or name for name in metrics]


def _ordered(columns: Sequence[Column], metrics: Sequence[str]) -> list[Column]:
    """The columns of these metrics first, in their order."""
    asked = _known(metrics)
    return sorted(columns, key=lambda column: asked.index(column.metric) if column.metric in asked else len(asked))


def _by_worth(columns: Sequence[Column]) -> list[int]:
    """Places of the columns in a grid: each metric in its first region, then the other regions."""
    places: dict[str, int] = {}
    for place, column in enumerate(columns, 1):
        places.setdefault(column.metric, place)
    first = list(places.values())
    return [*first, *(place for place in range(1, len(columns) + 1) if place not in first)]


def _heading(column: Column) -> GridColumn:
    return GridColumn(column.metric_title, " ".join(filter(None, (column.region, column.unit, column.arrow))))


def _name(column: GridColumn) -> str:
    return f"{column.title} {column.second.split(' ')[0]}".strip()


def _cells(table: Table, group: Group, row: Row, columns: Sequence[Column], screen: Screen) -> list[GridText]:
    entries = dict(zip(table.columns, table.entries(row), strict=True))
    numbers = [_number(entries[column], column.key in group.tested, screen) for column in columns]
    title = GridText(row.model.title, "dim" if row.model.oracle else "")
    return [title, *numbers, *(GridText(text) for text in table.facts_of(row))]


def _number(entry: TableEntry, tested: bool, screen: Screen) -> GridText:
    mark = "tied" if entry.mark == "second" and tested else entry.mark
    if screen.colour:
        return GridText(entry.text, _STYLES.get(mark, ""))
    return GridText(f"{entry.text} {_SIGNS.get(mark, ' ')}")


def _published(block: Published, screen: Screen) -> str:
    """Figures of papers, with their sources."""
    from bench.reporting.tables.published import PUBLISHED_TITLE

    grid = [GridColumn("model", left=True), *map(_heading, block.columns), GridColumn("source", left=True)]
    rows = [[GridText(text) for text in (row.model, *row.texts, row.source)] for row in block.rows]
    notes = "".join(paragraph(note, screen, "  ") for note in block.notes)
    return _heading_line(PUBLISHED_TITLE, screen) + draw_grid(grid, rows, screen) + notes


def _heading_line(text: str, screen: Screen) -> str:
    return styled(paragraph(text, screen), "bold", screen) + "\n"


def _legend(table: Table, screen: Screen) -> str:
    """What the marks of the numbers mean."""
    marks = {
        ("tied" if mark == "second" and key in group.tested else mark)
        for group in table.groups
        for row in group.rows
        for key, mark in row.marks.items()
    }
    shown = [mark for mark in _MEANINGS if mark in marks]
    if screen.colour:
        return "; ".join(styled(_MEANINGS[mark], _STYLES[mark], screen) for mark in shown) + "\n" * bool(shown)
    return "".join(paragraph("; ".join(f"{_SIGNS[mark]} {_MEANINGS[mark]}" for mark in shown), screen, "  "))


def _foot(table: Table, left_out: Sequence[str], where: str, *, verbose: bool) -> Iterator[str]:
    from bench.reporting.tables.mark_notes import LEGENDS
    from bench.reporting.tables.model import ORACLE_NOTE

    if left_out:
        many = f"{len(left_out)} columns do not fit" if len(left_out) > 1 else "1 column does not fit"
        places = f"All are in {where}; --verbose prints them" if where else "--verbose prints all"
        yield f"{many}: {', '.join(left_out)}. {places}."
    if table.has_oracles:
        yield ORACLE_NOTE
    hidden = (*LEGENDS, *(f"{name.partition(' ')[0]}:" for name in left_out if name in table.facts))
    yield from (note.replace("underlined", "marked") for note in table.notes if not note.startswith(hidden))
    if verbose:
        yield from table.interval_notes
        yield from (f"{title}: {signature}" for title, signature in table.signatures)
