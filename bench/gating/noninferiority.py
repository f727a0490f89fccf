"""The paired gate: other weights. Is the model worse by more than the margin? The interval tells, not a p alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.gating.formatting import change, interval, number, p_value
from bench.gating.margins import Margin
from bench.gating.pairs import PairedValues, PairStatistics, pair_statistics
from bench.gating.results import CheckResult, Verdict, gravest
from bench.gating.sets import SetPair, set_statistics
from bench.statistics import ClusterSums, cluster_sums, holm, sign_test_p
from bench.statistics.power import limiting_intervals, limiting_p, pictures_needed, resampling_draw

__all__ = ["LEVEL", "Question", "SetQuestion", "answer"]

LEVEL = 0.05
"""Corrected p-values at or below it can be a regression."""


@dataclass(frozen=True)
class Question:
    """One metric of one pair of cells, and the margin to hold."""

    model: str
    protocol: str
    metric: str
    values: PairedValues
    margin: Margin


@dataclass(frozen=True)
class SetQuestion:
    """One metric of a set of pictures in one pair of cells, and the margin to hold."""

    model: str
    protocol: str
    pair: SetPair
    margin: Margin


def answer(
    questions: Sequence[Question], set_questions: Sequence[SetQuestion] = (), *, seed: int = 0
) -> list[CheckResult]:
    """One finding a question.

    With the difference turned so that positive is better, its 95 % interval [low, high], and the margin m:

    - PASS: low >= -m, or no picture changed at all.
    - REGRESSION: high < -m, or high < 0 and the mean is worse than m; and the sign-flip p, corrected over all questions
      (Holm), is at most 0.05.
    - INCONCLUSIVE: neither, with the number of pictures of which four in five draws from the differences that were
      found would decide.

    Metrics of sets have the interval of paired half-samples in place of the bootstrap's, and a normal p.

    Infinite values count as their metric's cap. Without a cap they are in no mean; pictures that only one side got
    exactly right are then in a sign test of their own, and the graver of the two verdicts stands.
    """
    found = pair_statistics([question.values for question in questions], seed=seed)
    exact = [question for question in questions if question.values.uncounted]
    signs = [sign_test_p(question.values.exact_gained, question.values.exact_lost) for question in exact]
    # a question without finite differences has only the sign test
    p = [1.0 if one.p is None or one.difference is None else one.p for one in found]
    sets = [set_statistics(question.pair, seed=seed) for question in set_questions]
    corrected = holm([*p, *signs, *(1.0 if one.p is None else one.p for one, _ in sets)])
    of_exact = dict(zip(map(id, exact), corrected[len(questions) :], strict=False))
    checks = [
        _with_exact(question, _mean_check(question, statistics, p_holm, len(corrected)), of_exact.get(id(question)))
        for question, statistics, p_holm in zip(questions, found, corrected, strict=False)
    ]
    checks += [
        _set_check(question, statistics, reason, p_holm)
        for question, (statistics, reason), p_holm in zip(
            set_questions, sets, corrected[len(questions) + len(exact) :], strict=True
        )
    ]
    return checks


def _set_check(question: SetQuestion, statistics: PairStatistics, reason: str, p_holm: float) -> CheckResult:
    before, after = question.pair.scores
    limit = question.margin.absolute(question.pair.metric, before.unit, before.value or 0.0)
    check = CheckResult(
        "INCONCLUSIVE",
        "paired",
        question.model,
        question.protocol,
        question.pair.metric,
        f"{number(before.value, before.unit)} to {number(after.value, before.unit)}; {reason}",
        unit=before.unit,
        baseline_mean=before.value,
        candidate_mean=after.value,
        difference=statistics.difference,
        ci95=statistics.ci95,
        limit=limit,
        p_holm=p_holm,
        n=statistics.n,
    )
    if statistics.difference is None or statistics.ci95 is None:
        return replace(check, verdict="PASS") if statistics.difference == 0 else check
    verdict = _verdict(_turned(statistics.difference, statistics.ci95, before.higher_is_better), limit, p_holm)
    text = f"{change(statistics.difference, before.unit)} {interval(statistics.ci95, before.unit)}"
    limits = f"margin {limit:.4g} {before.unit}".rstrip()
    return replace(check, verdict=verdict, text=f"{text}, {limits}, p {p_value(p_holm)}, n {statistics.n}")


def _mean_check(question: Question, statistics: PairStatistics, p_holm: float, tests: int) -> CheckResult:
    values = question.values
    before, after = values.means
    limit = question.margin.absolute(question.metric, values.unit, before or 0.0)
    check = CheckResult(
        "INCONCLUSIVE",
        "paired",
        question.model,
        question.protocol,
        question.metric,
        samples=tuple(sample for sample, _ in values.worst()),
        unit=values.unit,
        baseline_mean=before,
        candidate_mean=after,
        difference=statistics.difference,
        ci95=statistics.ci95,
        limit=limit,
        p_holm=p_holm,
        n=statistics.n,
    )
    if statistics.difference is None:
        return _without_numbers(check, values)
    if not values.gains.any():
        remarks = f" ({values.remarks})" if values.remarks else ""
        return replace(check, verdict="PASS", text=f"equal in all {len(values.samples)} pictures{remarks}")
    if statistics.ci95 is None:
        return replace(check, text="one picture: nothing can be said about others")
    turned = _turned(statistics.difference, statistics.ci95, values.higher_is_better)
    verdict = _verdict(turned, limit, p_holm)
    needed = _needed(values, limit, tests) if verdict == "INCONCLUSIVE" else None
    return replace(check, verdict=verdict, n_needed=needed, text=_text(statistics, values, limit, p_holm, needed))


def _needed(values: PairedValues, limit: float, tests: int) -> int | None:
    """Pictures of which 80 % of the draws from these differences would pass or be a regression; None: too many."""
    columns = cluster_sums(values.differences, values.pictures)
    sign = 1.0 if values.higher_is_better else -1.0

    def decides(drawn: ClusterSums) -> npt.NDArray[np.bool_]:
        low, high = limiting_intervals(drawn)
        low, high = (low, high) if sign > 0 else (-high, -low)
        below = (high < -limit) | ((high < 0) & (sign * drawn.means() < -limit))
        if below.any():
            below &= limiting_p(drawn) * tests <= LEVEL
        return (low >= -limit) | below

    return pictures_needed(resampling_draw(columns), decides, least=int(columns.used()[0]) + 1)


def _turned(difference: float, ci95: tuple[float, float], higher_is_better: bool) -> tuple[float, float, float]:
    """Mean, low and high so that positive is better."""
    return (difference, *ci95) if higher_is_better else (-difference, -ci95[1], -ci95[0])


def _verdict(turned: tuple[float, float, float], limit: float, p_holm: float) -> Verdict:
    mean, low, high = turned
    if low >= -limit:
        return "PASS"
    worse = high < -limit or (high < 0 and mean < -limit)
    return "REGRESSION" if worse and p_holm <= LEVEL else "INCONCLUSIVE"


def _text(statistics: PairStatistics, values: PairedValues, limit: float, p_holm: float, needed: int | None) -> str:
    unit = values.unit
    parts = (
        f"{change(statistics.difference, unit)} {interval(statistics.ci95, unit)}",
        f"margin {limit:.4g} {unit}".rstrip(),
        f"p {p_value(p_holm)}",
        f"n {statistics.n}" + (f" ({values.remarks})" if values.remarks else ""),
    )
    text = ", ".join(parts)
    return text if needed is None else f"{text}; about {needed:,} pictures would decide"


def _without_numbers(check: CheckResult, values: PairedValues) -> CheckResult:
    if values.uncounted:
        return replace(check, verdict="PASS", text="no finite pair")
    if values.infinite:
        return replace(check, verdict="PASS", text=f"exact in both in all {values.infinite} pictures")
    return replace(check, text="no picture has a value in both")


def _with_exact(question: Question, check: CheckResult, p_holm: float | None) -> CheckResult:
    """The check with what the sign test of exact pictures says, where there is one."""
    if p_holm is None:
        return check
    lost, gained = question.values.exact_lost, question.values.exact_gained
    verdict: Verdict = "PASS" if lost <= gained else "REGRESSION" if p_holm <= LEVEL else "INCONCLUSIVE"
    text = f"{lost} pictures are no longer exact, {gained} have become so, p {p_value(p_holm)}"
    return replace(check, verdict=gravest((check.verdict, verdict)), text=f"{text}; {check.text}")
