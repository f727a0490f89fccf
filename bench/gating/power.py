"""`power`: how many pictures a comparison needs, from an expected difference or from the differences of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.errors import UsageError
from bench.gating.comparison import LEVEL, Comparison, compare
from bench.gating.formatting import change, harmless, number
from bench.gating.pairs import PairedCell
from bench.gating.selection import Selection
from bench.metrics import MetricKey, definition
from bench.metrics.questions import compared_keys, follows_from
from bench.statistics import cluster_sums, min_pictures
from bench.statistics.power import (
    MOST_PICTURES,
    POWER,
    Draw,
    normal_draw,
    pictures_needed,
    power_at,
    resampling_draw,
    significant,
)

__all__ = ["PowerRow", "PowerTable", "expected_power", "observed_power", "questions_of"]


@dataclass(frozen=True)
class PowerRow:
    """One question.

    Attributes:
        subject: what is compared: models, protocol and `metric.region`; empty for an expected difference.
        unit: of the numbers.
        difference: expected, or the mean of those that were found.
        spread: standard deviation of the pictures' differences.
        needed: pictures that find it with the power that is asked for; None when 20,000 are too few.
        power: number of pictures to the chance of a finding, 0 to 1.
    """

    subject: str
    unit: str
    difference: float
    spread: float
    needed: int | None
    power: dict[int, float]


@dataclass(frozen=True)
class PowerTable:
    """The questions that are corrected together.

    Attributes:
        tests: how many.
        power: that is asked for, 0 to 1.
        rows: in the order of the comparison.
    """

    tests: int
    power: float
    rows: tuple[PowerRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "level": LEVEL, "fewest": min_pictures(self.tests, LEVEL)}

    def as_text(self) -> str:
        """A line a question, and what no number of differences can change."""
        lines = [harmless(_line(row, self.power)) for row in self.rows]
        fewest = min_pictures(self.tests, LEVEL)
        tests = "1 test" if self.tests == 1 else f"{self.tests} tests corrected together (Holm, first step)"
        lines.append(f"{tests} at {100 * LEVEL:.0f} %: below {fewest} pictures no outcome can be significant")
        return "\n".join(lines) + "\n"


def expected_power(
    difference: float, spread: float, tests: int = 1, pictures: Sequence[int] = (), *, power: float = POWER
) -> PowerTable:
    """What it takes to find a difference before anything is run; differences of pictures are taken as normal.

    Args:
        difference: of the means, in any unit.
        spread: standard deviation of the pictures' differences, in the same unit.
        tests: how many are corrected together.
        pictures: numbers of pictures whose power is asked for.
        power: the chance of a finding that is asked for, above 0, below 1.

    Raises:
        UsageError: for numbers out of range.
    """
    _check(tests, pictures, power)
    if spread < 0:
        raise UsageError("the spread", "be 0 or more", f"{spread:g}", "Give a standard deviation.")
    row = _row("", "", difference, spread, normal_draw(difference, spread), tests, pictures, power)
    return PowerTable(tests, power, (row,))


def observed_power(
    baseline: Selection,
    candidates: Sequence[Selection],
    pictures: Sequence[int] = (),
    *,
    tests: int | None = None,
    metrics: Collection[str] | None = None,
    regions: Collection[str] | None = None,
    power: float = POWER,
) -> PowerTable:
    """What it takes to find the differences of a run, drawn again from those of its pictures.

    Args:
        baseline, candidates, metrics, regions: as of `compare`, whose questions these are.
        pictures: numbers of pictures whose power is asked for; none: as many as the run has.
        tests: how many are corrected together; None: as many as the comparison has.
        power: as of `expected_power`.

    Raises:
        UsageError, UnknownName: as `compare`; for numbers out of range; when no question has two pictures.
    """
    comparison = compare(baseline, *candidates, metrics=metrics, regions=regions)
    family = tests or comparison.tests
    _check(family, pictures, power)
    counts = pictures or [comparison.pictures]
    rows = tuple(_observed_rows(baseline, candidates, comparison, family, counts, power))
    if not rows:
        raise UsageError("the runs", "share a question with two pictures or more", "none", "Run more pictures.")
    return PowerTable(family, power, rows)


def questions_of(
    metrics: Collection[str], asked: Collection[str] | None = None, regions: Collection[str] | None = None
) -> list[str]:
    """The `metric.region` that a comparison of runs with these metrics tests together; raises as `compared_keys`."""
    every = [str(MetricKey(definition(name).name, region)) for name in metrics for region in definition(name).regions]
    kept = compared_keys(every, asked, regions)
    return [key for key in kept if not follows_from(key, kept) and MetricKey.parse(key).region != "known"]


def _observed_rows(
    baseline: Selection,
    candidates: Sequence[Selection],
    comparison: Comparison,
    tests: int,
    pictures: Sequence[int],
    power: float,
) -> Iterator[PowerRow]:
    sides = {str(side.run.layout.out): side for side in candidates}
    for cell in comparison.cells:
        before = baseline.values(cell.pair.baseline, cell.protocol)
        after = sides[cell.candidate].values(cell.pair.candidate, cell.protocol)
        tested = [row for row in cell.differences if row.p_holm is not None and row.statistics]
        for row in tested:
            known = MetricKey.parse(row.metric).region == "known"
            if before is None or after is None or known or before.scores[row.metric].of_set:
                continue
            values = PairedCell(before, after).values(row.metric)
            columns = cluster_sums(values.differences, values.pictures)
            if columns.used()[0] > 1:
                spread = float(np.nanstd(values.differences, ddof=1))
                title = f"{cell.pair.baseline} -> {cell.pair.candidate}"
                subject = f"{title} {cell.protocol} {row.metric}"
                mean = float(columns.means()[0])
                yield _row(subject, row.unit, mean, spread, resampling_draw(columns), tests, pictures, power)


def _row(
    subject: str,
    unit: str,
    difference: float,
    spread: float,
    draw: Draw,
    tests: int,
    pictures: Sequence[int],
    power: float,
) -> PowerRow:
    finds = significant(tests, LEVEL)
    needed = pictures_needed(draw, finds, power=power, least=min_pictures(tests, LEVEL))
    return PowerRow(subject, unit, difference, spread, needed, {n: power_at(n, draw, finds) for n in pictures})


def _line(row: PowerRow, power: float) -> str:
    needed = f"more than {MOST_PICTURES:,}" if row.needed is None else f"about {row.needed:,}"
    found = f"{change(row.difference, row.unit)}, spread {number(row.spread, row.unit)}"
    chances = "".join(f", {n:,} with {100 * chance:.0f} %" for n, chance in row.power.items())
    subject = f"{row.subject}: " if row.subject else ""
    return f"{subject}{found}: {needed} pictures find it with {100 * power:.0f} %{chances}"


def _check(tests: int, pictures: Sequence[int], power: float) -> None:
    for name, must, value, fits in (
        ("tests", "be at least 1", tests, tests >= 1),
        ("power", "lie between 0 and 1", power, 0 < power < 1),
        *(("pictures", f"be from 2 to {MOST_PICTURES:,}", n, 2 <= n <= MOST_PICTURES) for n in pictures),
    ):
        if not fits:
            raise UsageError(f"number of {name}" if name != "power" else "the power", must, str(value), "Give another.")
