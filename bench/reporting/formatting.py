"""How numbers are rounded and written: the one place where the decimals of tables are decided.

Metrics with a unit of `_DECIMALS` have so many digits after the point; other metrics have four below 10 and two from
there on (`decimals_of`). Costs have three significant digits (`three_digits`). Every table and the page use these
functions, and so does the rule that numbers which print alike share a mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from bench.records import Score

__all__ = [
    "INFINITE",
    "NOTHING",
    "TIMES",
    "decimals_of",
    "grouped_digits",
    "interval_text",
    "score_text",
    "three_digits",
]

NOTHING = "\N{EN DASH}"
"""In place of a number that is not there."""

INFINITE = "\N{INFINITY}"
TIMES = "\N{MULTIPLICATION SIGN}"

_DECIMALS = {"dB": 2, "%": 2, "px": 2, "pixels": 2, "dE": 2}


def decimals_of(unit: str, values: Iterable[float | None]) -> int:
    """Digits after the point of a column: by its unit, else by its largest value."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return _DECIMALS.get(unit, 4 if largest < 10 else 2)


def score_text(score: Score | None, decimals: int | None) -> str:
    """A mean as it is printed.

    Args:
        score: the mean; where all values are infinite it is `exact`, or infinite where less is better.
        decimals: digits after the point; None: three significant digits.

    Returns:
        The number, or a dash when there is none.
    """
    if score is not None and score.all_infinite:
        return "exact" if score.higher_is_better else INFINITE
    if score is None or score.value is None:
        return NOTHING
    if math.isinf(score.value):
        return INFINITE
    return three_digits(score.value) if decimals is None else f"{score.value:.{decimals}f}"


def interval_text(score: Score | None, decimals: int | None) -> str:
    """`[lo, hi]` with the decimals of its column; empty without an interval."""
    if score is None or score.value is None or score.ci95 is None or score.all_infinite:
        return ""
    low, high = (three_digits(end) if decimals is None else f"{end:.{decimals}f}" for end in score.ci95)
    return f"[{low}, {high}]"


def three_digits(value: float) -> str:
    """Three significant digits, at most six of them after the point; a dash for NaN."""
    return NOTHING if math.isnan(value) else f"{value:.{2 if value == 0 else _digits(value, 6)}f}"


def grouped_digits(value: float | None) -> str:
    """Three significant digits, at most four of them after the point, thousands in groups; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return NOTHING
    return "0" if value == 0 else f"{value:,.{_digits(value, 4)}f}"


def _digits(value: float, most: int) -> int:
    return min(max(0, 2 - math.floor(math.log10(abs(value)))), most)
