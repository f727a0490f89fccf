"""Who is best in a group, and who cannot be told from the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.metrics.questions import follows_from
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Mark, Row
from bench.reporting.analysis.signatures import signature_without_n
from bench.reporting.analysis.significance import LEVEL, significantly_worse
from bench.reporting.analysis.values import Floats
from bench.reporting.formatting import NOTHING, score_text
from bench.statistics import min_pictures

__all__ = ["ranked"]


def ranked(group: Group, columns: Sequence[Column]) -> Group:
    """The group with the best row of every column marked, and those that a test cannot tell from it.

    All pairs of rows in all columns are one family of tests. A column that follows from another one, as the PSNR of the
    picture from that of the hole, is not tested again where both have one best row: it takes the marks of the other.
    Numbers that print alike share a mark. A column in which no row can be tested has its second best marked. Nothing is
    marked where there is nothing to compare, nor in the known region, which is a check and no contest.
    """
    keys = [column.key for column in columns]
    best_rows = {column.key: _best(group, column) for column in columns}
    answered = {
        key: other
        for key in keys
        if (other := follows_from(key, keys)) and best_rows[other] is not None and best_rows[key] == best_rows[other]
    }
    marks = _Marks(group)
    pairs: list[tuple[str, int]] = []
    gains: list[Floats] = []
    family = 0
    for column in columns:
        costs, best = _costs(group, column), best_rows[column.key]
        if best is None or column.key in answered:
            continue
        for index in costs:
            if _text(group.rows[index], column) == _text(group.rows[best], column):
                marks.given[index][column.key] = "best"
            elif reason := _incomparable(group, column.key, best, index):
                marks.untested[index][column.key] = reason
            else:
                pairs.append((column.key, index))
                gains.append(_gains(group, column, best, index))
        family += math.comb(len(costs), 2)
    _test(marks, pairs, gains, family)
    for key, other in answered.items():
        marks.copy(other, key)
    for column in columns:
        if column.key not in marks.tested and any(column.key in reasons for reasons in marks.untested):
            _mark_second(marks, column)
    return marks.applied()


@dataclass
class _Marks:
    """The marks of a group while they are found: by row, then by column key."""

    group: Group
    tested: set[str] = field(default_factory=set)
    given: list[dict[str, Mark]] = field(init=False)
    untested: list[dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.given = [{} for _ in self.group.rows]
        self.untested = [{} for _ in self.group.rows]

    def copy(self, source: str, key: str) -> None:
        """Give a column the marks of another one."""
        for given, untested in zip(self.given, self.untested, strict=True):
            if source in given:
                given[key] = given[source]
            if source in untested:
                untested[key] = untested[source]
        if source in self.tested:
            self.tested.add(key)

    def applied(self) -> Group:
        """The group with them."""
        rows = tuple(
            replace(row, marks=given, untested=untested)
            for row, given, untested in zip(self.group.rows, self.given, self.untested, strict=True)
        )
        return replace(self.group, rows=rows, tested=frozenset(self.tested))


def _test(marks: _Marks, pairs: Sequence[tuple[str, int]], gains: Sequence[Floats], family: int) -> None:
    if not pairs:
        return
    reason = f"fewer than {min_pictures(family, LEVEL)} pictures in common, too few for so many tests"
    verdicts = significantly_worse(np.array(gains), marks.group.pictures, family)
    for (key, index), worse in zip(pairs, verdicts, strict=True):
        if worse is None:
            marks.untested[index][key] = reason
        else:
            marks.tested.add(key)
            marks.given[index][key] = "" if worse else "second"


def _best(group: Group, column: Column) -> int | None:
    """The best row of a column; None where there is no contest."""
    costs = _costs(group, column)
    return min(costs, key=lambda index: costs[index]) if len(costs) > 1 and column.region != "known" else None


def _mark_second(marks: _Marks, column: Column) -> None:
    rows = marks.group.rows
    costs = {i: cost for i, cost in _costs(marks.group, column).items() if column.key not in marks.given[i]}
    second = _text(rows[min(costs, key=lambda index: costs[index])], column)
    for index in costs:
        if _text(rows[index], column) == second:
            marks.given[index][column.key] = "second"


def _costs(group: Group, column: Column) -> dict[int, float]:
    """What each row pays in a column, less is better; without oracles and rows that have no number."""
    sign = -1.0 if column.higher_is_better else 1.0
    costs = {}
    for index, row in enumerate(group.rows):
        if not row.model.oracle and _text(row, column) != NOTHING:
            value = row.scores[column.key].value
            costs[index] = sign * (math.inf if value is None else value)
    return costs


def _incomparable(group: Group, key: str, best: int, index: int) -> str:
    """Why two rows may not be compared picture by picture, or nothing."""
    one, other = group.rows[best], group.rows[index]
    if one.holes != other.holes:
        return "not cut by the same holes as the best"
    if signature_without_n(one.scores[key].signature)[0] != signature_without_n(other.scores[key].signature)[0]:
        return "another signature than the best"
    values = group.values.get(key)
    return "no values by picture" if values is None or np.isnan(values[[best, index]]).all() else ""


def _gains(group: Group, column: Column, best: int, index: int) -> Floats:
    """By how much the best row is better [N]; NaN where one is undefined or both are infinite."""
    values = group.values[column.key]
    with np.errstate(invalid="ignore"):
        difference: Floats = values[best] - values[index]
    return difference if column.higher_is_better else -difference


def _text(row: Row, column: Column) -> str:
    return score_text(row.scores.get(column.key), column.decimals)
