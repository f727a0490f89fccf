"""A comparison in a terminal: a grid as wide as it, outcomes in colour, the verdict last."""

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
from bench.registry import match_name

if TYPE_CHECKING:
    from bench.gating.comparison import ComparedCell, Comparison

__all__ = ["show_comparison", "terminal_comparison"]

_STYLES: dict[str, Style] = {"better": "green", "worse": "bold red"}
_BY_WORTH = ("difference", "95 % interval", "p (Holm)", "baseline", "candidate", "wins")


def show_comparison(comparison: Comparison, metrics: Sequence[str] | None = None) -> None:
    """Print it: a grid for a terminal, else plain text with the verdict on stderr.

    Args:
        comparison: what to print.
        metrics: those that were asked for; the verdict is by the first.
    """
    from bench.gating import comparison_page
    from bench.gating.comparison_verdict import comparison_verdicts

    screen, verdicts = screen_of_stdout(), comparison_verdicts(comparison, _main_metric(comparison, metrics or ()))
    if screen is None:
        typer.echo(comparison_page.as_text(comparison), nl=False)
        for verdict in verdicts:
            say(verdict)
        return
    typer.echo(terminal_comparison(comparison, screen, verbose=session.verbose), nl=False)
    for verdict in verdicts:
        typer.echo(styled(paragraph(verdict, screen).rstrip(), "bold", screen))


def _main_metric(comparison: Comparison, metrics: Sequence[str]) -> str | None:
    """The first metric that was asked for, in the hole if it is there; None: the verdict chooses."""
    from bench.metrics import MetricKey

    found = [row.metric for cell in comparison.cells for row in cell.differences]
    of_metric = {MetricKey.parse(name).metric: name for name in sorted(found, key=lambda name: name.endswith(".hole"))}
    wanted = match_name(metrics[0], of_metric) if metrics else None
    return of_metric[wanted] if wanted else None


def terminal_comparison(comparison: Comparison, screen: Screen, *, verbose: bool = False) -> str:
    """The comparison as wide as the terminal.

    Args:
        comparison: what to print.
        screen: the terminal.
        verbose: whether values by class and all columns are printed, however wide that is.
    """
    from bench.gating.comparison_page import foot

    parts = [styled(f"baseline {comparison.baseline}", "bold", screen) + "\n"]
    left_out: set[str] = set()
    for cell in comparison.cells:
        text, names = _block(cell, screen, verbose=verbose)
        parts.append(text)
        left_out |= names
    notes = [foot(comparison)]
    if left_out:
        notes.insert(0, f"Not shown: {', '.join(sorted(left_out))}; --verbose prints everything, --json too.")
    return "\n".join([*parts, "".join(paragraph(note, screen, "  ") for note in notes)]) + "\n"


def _block(cell: ComparedCell, screen: Screen, *, verbose: bool) -> tuple[str, set[str]]:
    """A cell, and what of it is not shown."""
    from bench.gating.comparison_page import HEADER, row_texts
    from bench.metrics import MetricKey

    head = styled(f"{cell.protocol}  {cell.pair.title}  {cell.candidate}", "bold", screen) + "\n"
    if cell.note:
        head += paragraph(f"{cell.outcome}: {cell.note}", screen, "  ")
    rows = [row for row in cell.differences if verbose or not MetricKey.parse(row.metric).class_name]
    hidden = {"values by class"} if len(rows) < len(cell.differences) else set()
    if rows:
        columns = [GridColumn(name, left=place < 2) for place, name in enumerate(HEADER)]
        texts = [[GridText(text, _STYLES.get(text, "")) for text in row_texts(row)] for row in rows]
        wanted = [HEADER.index(name) for name in _BY_WORTH]
        fixed = [place for place in range(len(HEADER)) if place not in wanted]
        shown = list(range(len(HEADER))) if verbose else fitting(columns, texts, screen, fixed, wanted)
        head += draw_grid(
            [columns[place] for place in shown], [[row[place] for place in shown] for row in texts], screen
        )
        hidden |= {name for place, name in enumerate(HEADER) if place not in shown}
    return head + "".join(paragraph(note, screen, "  ") for note in _notes(cell, verbose=verbose)), hidden


def _notes(cell: ComparedCell, *, verbose: bool) -> Iterator[str]:
    from bench.gating.comparison_page import worst_of
    from bench.metrics import MetricKey

    for row in cell.differences:
        if row.note and (verbose or not MetricKey.parse(row.metric).class_name):
            yield f"{row.metric}: {row.note}"
    if verbose:
        yield from (f"worst in {row.metric}: {worst_of(row)}" for row in cell.differences if row.outcome == "worse")
