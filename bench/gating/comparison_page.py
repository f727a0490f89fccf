"""A comparison as text for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.gating.comparison import LEVEL, ComparedCell, Comparison, Difference
from bench.gating.formatting import change, harmless, interval, markdown_text, number, p_value
from bench.statistics import min_pictures

__all__ = ["HEADER", "as_json", "as_markdown", "as_text", "foot", "row_texts", "worst_of"]

_LEGEND = (
    "worse, better: the candidate, by Holm-corrected p <= 0.05; unclear: not distinguishable; failing: newly failing "
    "pictures; fixed: pictures that failed in the baseline; incomparable: other definition, holes or pictures"
)
HEADER = ("candidate is", "metric", "baseline", "candidate", "difference", "95 % interval", "p (Holm)", "wins", "n")
"""Headings of the numbers of one metric, as `row_texts` gives them."""


def as_text(comparison: Comparison) -> str:
    """A block for each cell with a line for each metric, and the worst pictures of everything that got worse."""
    blocks = [_block(cell) for cell in comparison.cells]
    return "\n\n".join([f"baseline {harmless(comparison.baseline)}", *blocks, foot(comparison)]) + "\n"


def as_markdown(comparison: Comparison) -> str:
    """A section for each cell, for a pull request or a page; names are escaped."""
    sections = [_section(cell) for cell in comparison.cells]
    head = f"## Compared with {markdown_text(comparison.baseline)}"
    return "\n\n".join([head, *sections, markdown_text(foot(comparison))]) + "\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Plain data; numbers that are not there are None."""
    return {
        "baseline": comparison.baseline,
        "tests": comparison.tests,
        "checks": comparison.checks,
        "refused": comparison.refused,
        "cells": [
            {**asdict(cell), "pair": {"baseline": cell.pair.baseline, "candidate": cell.pair.candidate}}
            for cell in comparison.cells
        ],
    }


def _block(cell: ComparedCell) -> str:
    lines = [harmless(f"{cell.protocol}  {cell.pair.title}  {cell.candidate}")]
    if cell.note:
        lines.append(f"{cell.outcome}: {cell.note}")
    if cell.differences:
        lines += _grid([HEADER, *(row_texts(row) for row in cell.differences)])
    lines += [f"  {row.metric}: incomparable: {row.note}" for row in cell.differences if row.outcome == "incomparable"]
    lines += [f"  {row.metric}: {row.note}" for row in cell.differences if row.outcome != "incomparable" and row.note]
    lines += [f"  {row.metric}: {needed_of(row)}" for row in cell.differences if row.n_needed]
    lines += [
        f"  worst in {row.metric}: {harmless(worst_of(row))}" for row in cell.differences if row.outcome == "worse"
    ]
    return "\n".join(lines)


def _section(cell: ComparedCell) -> str:
    lines = [f"### {markdown_text(cell.protocol)}, {markdown_text(cell.pair.title)}", ""]
    if cell.note:
        lines += [f"{cell.outcome}: {markdown_text(cell.note)}", ""]
    if cell.differences:
        rule = ("---", "---", *["--:"] * (len(HEADER) - 2))
        lines += [f"| {' | '.join(row)} |" for row in (HEADER, rule, *map(_markdown_columns, cell.differences))]
    notes = [f"- {row.metric}: {markdown_text(row.note)}" for row in cell.differences if row.note]
    notes += [f"- {row.metric}: {needed_of(row)}" for row in cell.differences if row.n_needed]
    notes += [
        f"- worst in {row.metric}: {markdown_text(worst_of(row))}" for row in cell.differences if row.outcome == "worse"
    ]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def row_texts(row: Difference) -> tuple[str, ...]:
    """The texts of one metric, one a heading; a dash for a number that is not there."""
    found = row.statistics
    if found is None:
        return (row.outcome, row.metric, *["-"] * (len(HEADER) - 2))
    return (
        row.outcome,
        f"{row.metric} {row.unit}".strip(),
        number(row.baseline_mean, row.unit).removesuffix(f" {row.unit}"),
        number(row.candidate_mean, row.unit).removesuffix(f" {row.unit}"),
        change(found.difference, row.unit).removesuffix(f" {row.unit}"),
        interval(found.ci95, row.unit),
        p_value(row.p_holm),
        "-" if found.win_rate is None else f"{100 * found.win_rate:.0f} %",
        str(found.n),
    )


def _markdown_columns(row: Difference) -> tuple[str, ...]:
    outcome, *rest = row_texts(row)
    return (outcome, *map(markdown_text, rest))


def needed_of(row: Difference) -> str:
    """`about 69 pictures would decide`."""
    return f"about {row.n_needed:,} pictures would decide"


def worst_of(row: Difference) -> str:
    """`p003 -1.210 dB, p007 -0.800 dB`."""
    return ", ".join(
        f"{sample} {change(by, row.unit) if by is not None else 'no longer exact'}" for sample, by in row.worst
    )


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: outcome and name are left-aligned, numbers right-aligned."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if index < 2 else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def foot(comparison: Comparison) -> str:
    """What the words and numbers mean."""
    lines = [f"{_LEGEND}; {comparison.tests} tests corrected together; differences are candidate minus baseline."]
    if comparison.checks:
        lines.append(f"The known region must not change: its {comparison.checks} tests are corrected apart.")
    if any(row.follows_from for cell in comparison.cells for row in cell.differences):
        lines.append("A number that follows from another one is not tested again.")
    fewest = min_pictures(comparison.tests, LEVEL)
    if comparison.tests and comparison.pictures < fewest:
        lines.append(
            f"No outcome could be told apart: {comparison.tests} tests need at least {fewest} pictures, found "
            f"{comparison.pictures}. Ask fewer questions with --metrics and --regions, or run more pictures."
        )
    return " ".join(lines)
