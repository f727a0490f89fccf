"""What the marks of a table mean, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.metrics.questions import follows_from
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group

__all__ = ["LEGENDS", "mark_notes"]

LEGENDS = ("Bold: best of ",)
"""How the note begins that explains bold and underlined numbers."""

_TESTED = (
    "Bold: best of {each}. Underlined: not distinguishable from the best (sign-flip test of paired differences over "
    "pictures, two-sided at 5 %, Holm-corrected over all pairs of rows in all columns of a {per}). Numbers equal as "
    "printed share the mark."
)
_UNTESTED = "Bold: best of {each}. Underlined: second best. Numbers equal as printed share the mark."


def mark_notes(groups: Sequence[Group], columns: Sequence[Column], per: str = "protocol") -> Iterator[str]:
    """The legend, then where and why rows could not be tested; nothing for a table without marks.

    Args:
        groups: of the table, ranked.
        columns: those that are shown.
        per: what a group is about.
    """
    keys = {column.key for column in columns}
    if not any(mark and key in keys for group in groups for row in group.rows for key, mark in row.marks.items()):
        return
    tested = any(keys & group.tested for group in groups)
    each = f"each column and {per}" if len(groups) > 1 else "each column"
    yield (_TESTED if tested else _UNTESTED).format(each=each, per=per)
    yield from _answered_columns(columns)
    yield from _untested_columns(groups, columns)
    yield from _untested_rows(groups, columns)


def _answered_columns(columns: Sequence[Column]) -> Iterator[str]:
    """Columns that follow from another one."""
    titles = {column.key: column.title for column in columns}
    found = [(column.title, titles.get(follows_from(column.key, titles))) for column in columns]
    pairs = [f"{title} from {other}" for title, other in found if other]
    if pairs:
        yield f"Follows from another column and is tested with it, where both have one best row: {', '.join(pairs)}."


def _untested_columns(groups: Sequence[Group], columns: Sequence[Column]) -> Iterator[str]:
    """Columns in which nothing was tested."""
    found: dict[tuple[str, str], list[str]] = {}
    for group in groups:
        by_reason: dict[str, list[Column]] = {}
        for column in columns:
            reasons = [row.untested[column.key] for row in group.rows if column.key in row.untested]
            if reasons and column.key not in group.tested:
                by_reason.setdefault("; ".join(dict.fromkeys(reasons)), []).append(column)
        for reasons_, of_reason in by_reason.items():
            found.setdefault((reasons_, _titles(of_reason, group, columns)), []).append(group.name)
    for (reasons_, titles), names in found.items():
        where = _where(names, groups, titles)
        yield f"{where or 'Everywhere'}: the second best is underlined, nothing could be tested: {reasons_}."


def _untested_rows(groups: Sequence[Group], columns: Sequence[Column]) -> Iterator[str]:
    """Single rows that carry no mark because there was no test."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for group in groups:
        by_row: dict[tuple[str, str], list[Column]] = {}
        for column in columns:
            if column.key in group.tested:
                for row in group.rows:
                    if column.key in row.untested:
                        by_row.setdefault((row.model.title, row.untested[column.key]), []).append(column)
        for (model, reason), of_row in by_row.items():
            found.setdefault((model, reason, _titles(of_row, group, columns)), []).append(group.name)
    for (model, reason, titles), names in found.items():
        where = _where(names, groups, titles)
        yield f"{where + ': ' if where else ''}{model} was not tested and carries no mark: {reason}."


def _titles(chosen: Sequence[Column], group: Group, columns: Sequence[Column]) -> str:
    """The columns by title; nothing when they are all those that have marks."""
    compared = {key for row in group.rows for key in (*row.marks, *row.untested)}
    every = [column for column in columns if column.key in compared]
    return "" if len(chosen) == len(every) else ", ".join(column.title for column in chosen)


def _where(names: Sequence[str], groups: Sequence[Group], titles: str) -> str:
    of_groups = "" if len(names) == len(groups) else ", ".join(names)
    return ": ".join(filter(None, (of_groups, titles)))
