"""Models side by side under one condition: who is best, and who cannot be told from the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.records import Score
from bench.reporting.naming import INFINITE, NOTHING
from bench.reporting.notes import without_n
from bench.reporting.table_parts import Column, Entry, Group, Mark, Row
from bench.reporting.ties import fewest_pictures, told_apart
from bench.reporting.values import Floats

__all__ = ["Line", "Ranking", "Section", "grouped", "ranked"]


@dataclass(frozen=True)
class Line:
    """A model under one condition.

    Attributes:
        model: what it is called.
        oracle: whether it was given true labels.
        counts: scored, failed and skipped samples, or None when the cell is missing.
        scores: by `metric.region`.
        holes: hash of the holes that it was given.
        size: parameters, and multiply-adds of a picture; None where they are not known.
    """

    model: str
    oracle: bool
    counts: tuple[int, int, int] | None
    scores: Mapping[str, Score]
    holes: str
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Section:
    """M lines under one condition, and the values behind their scores.

    Attributes:
        protocol: the condition.
        hole_share: mean share of missing pixels (0 to 1), or None.
        lines: in the order of the run.
        values: `metric.region` to float64 [M, N].
        pictures: what each of the N samples was cut from.
    """

    protocol: str
    hole_share: float | None
    lines: tuple[Line, ...]
    values: Mapping[str, Floats]
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """The marks of a section.

    Attributes:
        marks: by column key and line.
        tested: keys of the columns with a test against the best.
        untested: column key to line to the reason why it could not be tested.
    """

    marks: dict[tuple[str, int], Mark] = field(default_factory=dict)
    tested: set[str] = field(default_factory=set)
    untested: dict[str, dict[int, str]] = field(default_factory=dict)


def ranked(section: Section, columns: Sequence[Column]) -> Ranking:
    """Mark the best line of every column, and those that a test cannot tell from it.

    All pairs of lines in all columns are one family of tests. Numbers that print alike share a mark. A column in which
    no line can be tested has its second best marked. Nothing is marked where there is nothing to compare, nor in the
    known region, which is a check and no contest.
    """
    ranking = Ranking()
    pairs: list[tuple[str, int]] = []
    gains: list[Floats] = []
    family = 0
    for column in columns:
        costs = _costs(section, column)
        if len(costs) < 2 or column.key.endswith(".known"):
            continue
        best = min(costs, key=lambda index: costs[index])
        for index in costs:
            if _text(section.lines[index], column) == _text(section.lines[best], column):
                ranking.marks[column.key, index] = "best"
            elif reason := _unlike(section, column.key, best, index):
                ranking.untested.setdefault(column.key, {})[index] = reason
            else:
                pairs.append((column.key, index))
                gains.append(_gains(section, column, best, index))
        family += math.comb(len(costs), 2)
    _test(ranking, pairs, gains, section.pictures, family)
    for column in columns:
        if column.key in ranking.untested and column.key not in ranking.tested:
            _mark_second(ranking, section, column)
    return ranking


def grouped(section: Section, columns: Sequence[Column], ranking: Ranking) -> Group:
    """The section as it is printed, oracles last."""
    rows = [
        Row(
            line.model,
            line.oracle,
            line.counts,
            tuple(
                Entry(_text(line, column), _interval(line, column), ranking.marks.get((column.key, index), ""))
                for column in columns
            ),
            line.size,
        )
        for index, line in enumerate(section.lines)
    ]
    return Group(section.protocol, section.hole_share, tuple(sorted(rows, key=lambda row: row.oracle)))


def _test(
    ranking: Ranking,
    pairs: Sequence[tuple[str, int]],
    gains: Sequence[Floats],
    pictures: Sequence[str],
    family: int,
) -> None:
    if not pairs:
        return
    reason = f"fewer than {fewest_pictures(family)} pictures in common, too few for so many tests"
    for (key, index), apart in zip(pairs, told_apart(np.array(gains), pictures, family), strict=True):
        if apart is None:
            ranking.untested.setdefault(key, {})[index] = reason
        else:
            ranking.tested.add(key)
            ranking.marks[key, index] = "" if apart else "second"


def _mark_second(ranking: Ranking, section: Section, column: Column) -> None:
    costs = {index: cost for index, cost in _costs(section, column).items() if (column.key, index) not in ranking.marks}
    second = _text(section.lines[min(costs, key=lambda index: costs[index])], column)
    for index in costs:
        if _text(section.lines[index], column) == second:
            ranking.marks[column.key, index] = "second"


def _costs(section: Section, column: Column) -> dict[int, float]:
    """What each line pays in a column, less is better; without oracles and lines that have no number."""
    sign = -1.0 if column.higher_is_better else 1.0
    costs = {}
    for index, line in enumerate(section.lines):
        if not line.oracle and _text(line, column) != NOTHING:
            value = line.scores[column.key].value
            costs[index] = sign * (math.inf if value is None else value)
    return costs


def _unlike(section: Section, key: str, best: int, index: int) -> str:
    """Why two lines may not be compared picture by picture, or nothing."""
    one, other = section.lines[best], section.lines[index]
    if one.holes != other.holes:
        return "not cut by the same holes as the best"
    if without_n(one.scores[key].signature)[0] != without_n(other.scores[key].signature)[0]:
        return "another signature than the best"
    values = section.values.get(key)
    return "no values by picture" if values is None or np.isnan(values[[best, index]]).all() else ""


def _gains(section: Section, column: Column, best: int, index: int) -> Floats:
    """By how much the best line is better [N]; NaN where one is undefined or both are infinite."""
    values = section.values[column.key]
    with np.errstate(invalid="ignore"):
        difference: Floats = values[best] - values[index]
    return difference if column.higher_is_better else -difference


def _text(line: Line, column: Column) -> str:
    score = line.scores.get(column.key)
    if score is None or (score.value is None and not score.n_infinite):
        return NOTHING
    if score.value is None:
        return "exact" if score.higher_is_better else INFINITE
    return f"{score.value:.{column.decimals}f}"


def _interval(line: Line, column: Column) -> str:
    score = line.scores.get(column.key)
    if score is None or score.value is None or score.ci95 is None:
        return ""
    low, high = score.ci95
    return f"[{low:.{column.decimals}f}, {high:.{column.decimals}f}]"
