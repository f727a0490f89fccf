"""What the marks of a table mean, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.reporting.sections import Ranking
from bench.reporting.table_parts import Column

__all__ = ["mark_notes"]

_TESTED = (
    "Bold: best of {each}. Underlined: not distinguishable from the best (sign-flip test of paired differences over "
    "pictures, two-sided at 5 %, Holm-corrected over all pairs of rows in all columns of a {per}). Numbers equal as "
    "printed share the mark."
)
_UNTESTED = "Bold: best of {each}. Underlined: second best. Numbers equal as printed share the mark."


def mark_notes(
    rankings: Mapping[str, Ranking], columns: Sequence[Column], models: Sequence[str], per: str = "protocol"
) -> Iterator[str]:
    """The legend, then where and why rows could not be tested; nothing for a table without marks.

    Args:
        rankings: of the table's sections, by what these are called.
        columns: those that are shown.
        models: what the lines are called.
        per: what a section is about.
    """
    keys = {column.key for column in columns}
    if not any(mark and key in keys for ranking in rankings.values() for (key, _), mark in ranking.marks.items()):
        return
    tested = any(keys & ranking.tested for ranking in rankings.values())
    each = f"each column and {per}" if len(rankings) > 1 else "each column"
    yield (_TESTED if tested else _UNTESTED).format(each=each, per=per)
    yield from _without_a_test(rankings, columns)
    yield from _rows_without_a_test(rankings, columns, models)


def _without_a_test(rankings: Mapping[str, Ranking], columns: Sequence[Column]) -> Iterator[str]:
    """Columns in which nothing was tested."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, ranking in rankings.items():
        by_reason: dict[str, list[Column]] = {}
        for column in columns:
            if column.key in ranking.untested and column.key not in ranking.tested:
                reasons = "; ".join(dict.fromkeys(ranking.untested[column.key].values()))
                by_reason.setdefault(reasons, []).append(column)
        for reasons, of_reason in by_reason.items():
            found.setdefault((reasons, _titles(of_reason, ranking, columns)), []).append(name)
    for (reasons, titles), names in found.items():
        where = _where(names, rankings, titles)
        yield f"{where or 'Everywhere'}: the second best is underlined, nothing could be tested: {reasons}."


def _rows_without_a_test(
    rankings: Mapping[str, Ranking], columns: Sequence[Column], models: Sequence[str]
) -> Iterator[str]:
    """Single rows that carry no mark because there was no test."""
    found: dict[tuple[int, str, str], list[str]] = {}
    for name, ranking in rankings.items():
        by_row: dict[tuple[int, str], list[Column]] = {}
        for column in columns:
            if column.key in ranking.tested:
                for row, reason in ranking.untested.get(column.key, {}).items():
                    by_row.setdefault((row, reason), []).append(column)
        for (row, reason), of_row in by_row.items():
            found.setdefault((row, reason, _titles(of_row, ranking, columns)), []).append(name)
    for (row, reason, titles), names in found.items():
        where = _where(names, rankings, titles)
        yield f"{where + ': ' if where else ''}{models[row]} was not tested and carries no mark: {reason}."


def _titles(chosen: Sequence[Column], ranking: Ranking, columns: Sequence[Column]) -> str:
    """The columns by title; nothing when they are all those that have marks."""
    ranked = {key for key, _ in ranking.marks} | set(ranking.untested)
    every = [column for column in columns if column.key in ranked]
    return "" if len(chosen) == len(every) else ", ".join(column.title for column in chosen)


def _where(names: Sequence[str], rankings: Mapping[str, Ranking], titles: str) -> str:
    sections = "" if len(names) == len(rankings) else ", ".join(names)
    return ": ".join(filter(None, (sections, titles)))
