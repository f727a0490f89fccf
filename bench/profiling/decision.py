"""Slower, faster, same, or VOID: from the times of two versions, round by round, to a verdict. Reads no clock."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.errors import UsageError
from bench.records.profile import DRIFT_LIMIT
from bench.statistics import cluster_sums, holm, wilcoxon_p

__all__ = ["Decision", "Rounds", "Rules", "TimingVerdict", "decide", "noise_floor"]

TimingVerdict = Literal["slower", "faster", "same", "VOID"]


@dataclass(frozen=True)
class Rules:
    """What it takes for a verdict; both must hold, significance and size.

    Attributes:
        factor: ratio of the times above which slower is too slow, e.g. 1.05.
        alpha: level of the test over all configurations together.
        drift: how far a reference kernel may move between the two halves of the rounds.
    """

    factor: float = 1.05
    alpha: float = 0.01
    drift: float = DRIFT_LIMIT

    def __post_init__(self) -> None:
        for name, must, value, fits in (
            ("factor", "be above 1", self.factor, self.factor > 1),
            ("alpha", "lie between 0 and 1", self.alpha, 0 < self.alpha < 1),
            ("drift", "be above 0", self.drift, self.drift > 0),
        ):
            if not fits:
                raise UsageError(f"{name} of a latency gate", must, str(value), f"Give another {name}.")


@dataclass(frozen=True)
class Rounds:
    """Seconds a call in each round, of the three arms that took turns.

    Attributes:
        base: the version that is held against.
        head: the version in question.
        again: a second process of the base: what it differs by is noise.
        references: reference kernel to its seconds in each round.
    """

    base: tuple[float, ...]
    head: tuple[float, ...]
    again: tuple[float, ...]
    references: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Decision:
    """A verdict and what it rests on.

    Attributes:
        verdict: `VOID` says that nothing can be said.
        ratio: head over base, the Hodges-Lehmann estimate over the rounds.
        p: of the signed-rank test, Holm-corrected over the configurations.
        floor: the noise: how far a second base may lie from the first, as a share, at 95 %.
        factor: what the ratio was held to, `max(rules.factor, 1 + 2 * floor)`.
        reason: why VOID, else empty.
    """

    verdict: TimingVerdict
    ratio: float
    p: float
    floor: float
    factor: float
    reason: str = ""


def decide(every: Sequence[Rounds], rules: Rules | None = None) -> list[Decision]:
    """A decision for each configuration.

    The head is compared, in the logarithm, with the mean of both copies of the base in the same round, so that what
    moves all three at once cancels. *Slower* needs a signed-rank p below `alpha` after Holm's correction and a ratio
    above the factor; *faster* the same the other way round. VOID: a reference kernel drifted; the second copy of the
    base differs from the first by more than the factor; or the noise is such that twice the factor would be missed.
    """
    rules = rules or Rules()
    differences = [_logs(rounds.head) - (_logs(rounds.base) + _logs(rounds.again)) / 2 for rounds in every]
    corrected = holm([_p(difference) for difference in differences])
    return [
        _decision(rounds, difference, p, rules)
        for rounds, difference, p in zip(every, differences, corrected, strict=True)
    ]


def noise_floor(rounds: Rounds) -> float:
    """The further end of the 95 % interval of what the second copy of the base differs by, as a share of the time.

    The interval is the signed-rank test's own (Hollander and Wolfe, "Nonparametric Statistical Methods", section 3.3):
    single disturbed rounds move it little.
    """
    differences = _logs(rounds.again) - _logs(rounds.base)
    n, means = len(differences), np.sort(_pair_means(differences))
    outside = len(means) / 2 - 1.96 * math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    skip = max(0, math.floor(outside))
    return math.expm1(float(max(abs(means[skip]), abs(means[-1 - skip]))))


def _decision(rounds: Rounds, difference: np.ndarray, p: float, rules: Rules) -> Decision:
    ratio, floor = math.exp(float(np.median(_pair_means(difference)))), noise_floor(rounds)
    factor = max(rules.factor, 1 + 2 * floor)
    reason = _void(rounds, floor, rules)
    verdict: TimingVerdict = "same"
    if reason:
        verdict = "VOID"
    elif p < rules.alpha and ratio > factor:
        verdict = "slower"
    elif p < rules.alpha and ratio < 1 / factor:
        verdict = "faster"
    return Decision(verdict, ratio, p, floor, factor, reason)


def _void(rounds: Rounds, floor: float, rules: Rules) -> str:
    for name, times in rounds.references.items():
        half = len(times) // 2
        moved = statistics.median(times[-half:]) / statistics.median(times[:half]) - 1 if half else 0.0
        if abs(moved) > rules.drift:
            return f"reference kernel {name} moved by {100 * moved:+.1f} %"
    if floor > rules.factor - 1:
        return f"two copies of the base differ by up to {100 * floor:.1f} %: quieten the machine or give more rounds"
    return ""


def _p(difference: np.ndarray) -> float:
    return float(wilcoxon_p(cluster_sums(difference))[0])


def _pair_means(values: np.ndarray) -> np.ndarray:
    """Means of all pairs, each value with itself too; their median is the Hodges-Lehmann estimate (1963)."""
    first, second = np.triu_indices(len(values))
    return np.asarray((values[first] + values[second]) / 2)


def _logs(values: Sequence[float]) -> np.ndarray:
    return np.log(np.asarray(values, dtype=np.float64))
