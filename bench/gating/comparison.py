"""`compare`: candidate against baseline on the same pictures with the same holes, for every metric and region."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from bench.gating.comparability import hole_difference, refuse_other_pictures, signature_difference
from bench.gating.formatting import harmless, some
from bench.gating.pairs import (
    PairedCell,
    PairedValues,
    PairStatistics,
    detectable,
    pair_statistics,
    pictures_to_tell_apart,
)
from bench.gating.selection import ModelPair, Selection, as_selection, pair_models
from bench.gating.sets import SetPair, set_statistics
from bench.metrics import MetricKey
from bench.metrics.questions import compared_keys, follows_from
from bench.records import Run
from bench.records.values import CellValues
from bench.statistics import holm

__all__ = ["LEVEL", "ComparedCell", "Comparison", "ComparisonOutcome", "Difference", "compare"]

_Asked: TypeAlias = tuple[Collection[str] | None, Collection[str] | None]
"""Metrics and regions that are asked for."""

_MOST_SEARCHED = 60
"""Tests up to which it is searched how many pictures would decide; that takes some hundredths of a second each."""

LEVEL = 0.05
"""Corrected p-values at or below it tell two models apart."""

ComparisonOutcome = Literal["worse", "better", "unclear", "failing", "fixed", "incomparable", ""]
"""Of the candidate: worse or better than the baseline, or unclear, not distinguishable; newly failing or fixed samples;
incomparable numbers; empty if there is nothing to say."""


@dataclass(frozen=True)
class Difference:
    """One metric of one pair of cells.

    Attributes:
        metric: `metric.region`.
        unit, higher_is_better: as in the records.
        outcome: worse, better, unclear or incomparable; empty for a number that was not tested: one of a set without a
            spread, or one that follows from another.
        baseline_mean, candidate_mean: over the samples that have a difference.
        statistics: of the differences, candidate minus baseline; None where not comparable.
        p_holm: `statistics.p` corrected over all questions of the comparison, in the known region over its checks.
        detectable: the true difference that so many pictures find with 80 % power among all tests of the comparison;
            None where they cannot find any.
        n_needed: pictures that would tell the two apart, where they are unclear; None where that is not known.
        n_infinite, n_undefined: samples of which either side is infinite, or undefined.
        exact_lost, exact_gained: samples that only the baseline, or only the candidate, got perfectly right.
        worst: up to five samples where the candidate is most behind, with candidate minus baseline (None: infinite,
            of a metric without a cap).
        note: why not comparable, or what else should be known.
        refused: both runs have the metric, with different signatures.
        follows_from: the `metric.region` that answers the same question and is tested in its place, or empty.
    """

    metric: str
    unit: str
    higher_is_better: bool
    outcome: ComparisonOutcome
    baseline_mean: float | None = None
    candidate_mean: float | None = None
    statistics: PairStatistics | None = None
    p_holm: float | None = None
    detectable: float | None = None
    n_needed: int | None = None
    n_infinite: int = 0
    n_undefined: int = 0
    exact_lost: int = 0
    exact_gained: int = 0
    worst: tuple[tuple[str, float | None], ...] = ()
    note: str = ""
    refused: bool = False
    follows_from: str = ""


@dataclass(frozen=True)
class ComparedCell:
    """One protocol, one model of the baseline and one of a candidate.

    Attributes:
        candidate: output folder of the candidate.
        pair: the models.
        protocol: the mask protocol.
        outcome: failing, fixed, incomparable, or empty if the same samples are usable in both runs.
        note: the reason of the outcome.
        differences: by metric, in the order of the records.
        refused: both runs have the cell, with different holes or pictures.
    """

    candidate: str
    pair: ModelPair
    protocol: str
    outcome: ComparisonOutcome = ""
    note: str = ""
    differences: tuple[Difference, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Comparison:
    """All cells of all candidates against the baseline.

    Attributes:
        baseline: its output folder.
        cells: candidates first, then models, then protocols.
        tests: how many questions were corrected together.
        checks: how many tests of the known region were, apart from them.
    """

    baseline: str
    cells: tuple[ComparedCell, ...]
    tests: int
    checks: int = 0

    @property
    def pictures(self) -> int:
        """The most source pictures behind a test."""
        rows = [row for cell in self.cells for row in cell.differences]
        return max((row.statistics.pictures for row in rows if row.statistics and row.p_holm is not None), default=0)

    @property
    def refused(self) -> list[str]:
        """What was not compared because its definition, holes or pictures differ, with the difference."""
        every = []
        for cell in self.cells:
            where = harmless(f"{cell.pair.title} {cell.protocol}")
            every += [f"{where}: {cell.note}"] if cell.refused else []
            every += [f"{where} {row.metric}: {row.note}" for row in cell.differences if row.refused]
        return every


def compare(
    baseline: Run | Selection,
    *candidates: Run | Selection,
    metrics: Collection[str] | None = None,
    regions: Collection[str] | None = None,
    seed: int = 0,
    wilcoxon: bool = False,
) -> Comparison:
    """Compare candidates with a baseline, paired by sample and clustered by source picture.

    Numbers with another signature, and cells cut by other holes, are not compared: they are `incomparable`, with
    the difference spelled out. p-values are corrected (Holm) over all questions: a number that follows from another one
    is none. The known region is a check of what a model must not change, with a correction of its own.

    Args:
        baseline: a run of `bench.records.read_run`, or one model of it (`Selection(run, "telea")`).
        candidates: the same; the models of each are paired with the baseline's by name, or as two single models.
        metrics, regions: what is compared; None: everything. They have names of any case.
        seed: of the random draws.
        wilcoxon: also take the signed-rank test, which imports SciPy.

    Raises:
        UsageError: when a candidate is of other pictures, has no model in common, or a cell was edited or damaged; when
            nothing is of these metrics and regions.
        UnknownName: for an unknown metric or region.
    """
    left = as_selection(baseline)
    drafts: list[ComparedCell] = []
    measured: dict[tuple[int, int], PairedValues] = {}
    of_sets: dict[tuple[int, int], SetPair] = {}
    for side in candidates:
        right = as_selection(side)
        refuse_other_pictures(left, right)
        for pair in pair_models(left, right).pairs:
            for protocol in _protocols(left, right):
                draft, values, sets = _draft(left, right, pair, protocol, (metrics, regions))
                measured |= {(len(drafts), index): one for index, one in values.items()}
                of_sets |= {(len(drafts), index): one for index, one in sets.items()}
                drafts.append(draft)
    found = pair_statistics(list(measured.values()), seed=seed, wilcoxon=wilcoxon)
    resampled = [set_statistics(pair, seed=seed) for pair in of_sets.values()]
    every = [*found, *(statistics for statistics, _ in resampled)]
    cells = [list(draft.differences) for draft in drafts]
    families = _families([cells[cell][row] for cell, row in (*measured, *of_sets)], every)
    corrected = {
        index: (p, len(family))
        for family in families
        for index, p in zip(family, holm([every[index].p or 0.0 for index in family]), strict=True)
    }
    for index, ((cell, row), paired) in enumerate(measured.items()):
        p_holm, tests = corrected.get(index, (None, 0))
        filled = _filled(cells[cell][row], paired, found[index], p_holm, tests)
        if len(corrected) <= _MOST_SEARCHED and p_holm is not None and filled.outcome == "unclear":
            filled = replace(filled, n_needed=pictures_to_tell_apart(paired, tests, LEVEL))
        cells[cell][row] = filled
    for index, ((cell, row), (statistics, note)) in enumerate(zip(of_sets, resampled, strict=True), len(found)):
        p_holm, tests = corrected.get(index, (None, 0))
        cells[cell][row] = _filled_set(cells[cell][row], of_sets[cell, row], statistics, p_holm, tests, note)
    whole = (replace(draft, differences=tuple(rows)) for draft, rows in zip(drafts, cells, strict=True))
    return Comparison(str(left.run.layout.out), tuple(whole), *map(len, families))


def _protocols(left: Selection, right: Selection) -> list[str]:
    first = left.run.info.protocols
    return [*first, *(name for name in right.run.info.protocols if name not in first)]


def _draft(
    left: Selection, right: Selection, pair: ModelPair, protocol: str, asked: _Asked
) -> tuple[ComparedCell, dict[int, PairedValues], dict[int, SetPair]]:
    """A cell with its rows, numbers still to come, and what the rows that can be compared are made from."""
    cell = ComparedCell(str(right.run.layout.out), pair, protocol)
    a, b = left.values(pair.baseline, protocol), right.values(pair.candidate, protocol)
    if a is None or b is None:
        side = "either side" if a is b else "the baseline" if a is None else "the candidate"
        return replace(cell, outcome="incomparable", note=f"no whole cell of {side}"), {}, {}
    unlike = hole_difference(a, b)
    if unlike:
        return replace(cell, outcome="incomparable", note=f"not comparable: {unlike}", refused=True), {}, {}
    both = PairedCell(a, b)
    outcome, note = _usable(both)
    rows = _rows(a, b, asked)
    comparable = {index: row.metric for index, row in enumerate(rows) if row.outcome != "incomparable"}
    sets = {
        index: SetPair(metric, a, b, (left.run, right.run))
        for index, metric in comparable.items()
        if a.scores[metric].of_set
    }
    values = {index: both.values(metric) for index, metric in comparable.items() if index not in sets}
    return replace(cell, outcome=outcome, note=note, differences=tuple(rows)), values, sets


def _rows(a: CellValues, b: CellValues, asked: _Asked) -> list[Difference]:
    """A row for each metric of either side that is asked for, baseline's first."""
    known = {**b.cell.metrics, **a.cell.metrics}
    refused = {**b.cell.refused, **a.cell.refused}
    order = compared_keys(dict.fromkeys((*a.cell.metrics, *b.cell.metrics, *refused)), *asked)
    measured = [metric for metric in order if metric in known]
    return [
        _row(
            Difference(
                metric,
                known[metric].unit if metric in known else "",
                metric not in known or known[metric].higher_is_better,
                "unclear",
                follows_from=follows_from(metric, measured),
            ),
            a,
            b,
        )
        for metric in order
    ]


def _row(row: Difference, a: CellValues, b: CellValues) -> Difference:
    first, second = a.cell.metrics.get(row.metric), b.cell.metrics.get(row.metric)
    if first is None or second is None:
        side = "neither side" if first is second else f"only {'the candidate' if first is None else 'the baseline'}"
        why = a.cell.refused.get(row.metric) or b.cell.refused.get(row.metric)
        return replace(row, outcome="incomparable", note=f"{side} has it{f': {why}' if why else ''}")
    unlike = signature_difference(first.signature, second.signature)
    return replace(row, outcome="incomparable", note=f"unlike signatures: {unlike}", refused=True) if unlike else row


def _usable(both: PairedCell) -> tuple[ComparisonOutcome, str]:
    newly, gone, fixed = both.newly_failing, both.gone, both.fixed
    parts = [
        f"{len(samples)} {what}: {some(samples)}"
        for samples, what in ((newly, "newly failing"), (gone, "no longer there"), (fixed, "fixed"))
        if samples
    ]
    outcome: ComparisonOutcome = "failing" if newly or gone else "fixed" if fixed else ""
    return outcome, "; ".join(parts)


def _families(rows: Sequence[Difference], every: Sequence[PairStatistics]) -> tuple[list[int], list[int]]:
    """Places of the tests that are corrected together: the questions, and the checks of the known region."""
    tested = [index for index, row in enumerate(rows) if every[index].p is not None and not row.follows_from]
    checks = [index for index in tested if MetricKey.parse(rows[index].metric).region == "known"]
    return sorted({*tested} - {*checks}), checks


def _filled(
    row: Difference, values: PairedValues, statistics: PairStatistics, p_holm: float | None, tests: int
) -> Difference:
    before, after = values.means
    return replace(
        row,
        outcome="" if row.follows_from else _outcome(values, statistics, p_holm),
        baseline_mean=before,
        candidate_mean=after,
        statistics=statistics,
        p_holm=p_holm,
        detectable=detectable(statistics, tests, LEVEL),
        n_infinite=values.infinite,
        n_undefined=values.undefined,
        exact_lost=values.exact_lost,
        exact_gained=values.exact_gained,
        worst=values.worst(),
        note=", ".join(filter(None, (row.follows_from and f"follows from {row.follows_from}", values.remarks))),
    )


def _filled_set(
    row: Difference, pair: SetPair, statistics: PairStatistics, p_holm: float | None, tests: int, note: str
) -> Difference:
    before, after = pair.scores
    outcome: ComparisonOutcome = "" if p_holm is None else "unclear"
    if p_holm is not None and p_holm <= LEVEL:
        outcome = "better" if ((statistics.difference or 0.0) > 0) == row.higher_is_better else "worse"
    return replace(
        row,
        outcome=outcome,
        baseline_mean=before.value,
        candidate_mean=after.value,
        statistics=statistics,
        p_holm=p_holm,
        detectable=detectable(statistics, tests, LEVEL),
        note=f"not tested: {note}" if note else "",
    )


def _outcome(values: PairedValues, statistics: PairStatistics, p_holm: float | None) -> ComparisonOutcome:
    if p_holm is None or p_holm > LEVEL:
        return "unclear"
    if statistics.difference is None:
        return "worse" if values.exact_lost > values.exact_gained else "better"
    return "better" if (statistics.difference > 0) == values.higher_is_better else "worse"
