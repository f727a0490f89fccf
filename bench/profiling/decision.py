"""The statistics of the latency gate: from the times of two versions in each round to a verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.errors import UsageError
from bench.records.steadiness import DRIFT_LIMIT, drift_limit, look_noise
from bench.statistics import cluster_sums, holm, wilcoxon_p

__all__ = ["RoundTimes", "Rules", "TimingResult", "TimingVerdict", "decide", "noise_floor"]

_ERROR_OF_MEDIAN = 1.25  # of n normal values, times their deviation over the root of n

TimingVerdict = Literal["slower", "faster", "same", "INVALID"]


@dataclass(frozen=True)
class Rules:
    """Thresholds of a verdict; a difference must be both significant and large.

    Attributes:
        factor: ratio of the times from which a version counts as slower, e.g. 1.05.
        alpha: level of the test over all configurations together.
        drift: change of a reference kernel between the two halves of the rounds, as a share, up to which it counts as
            steady however little it varies from round to round.
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
class RoundTimes:
    """Seconds of a call in each round, of three processes that were timed in turn.

    Attributes:
        base: the version to compare with.
        head: the version under test.
        again: a second process of the base; its difference from the first one is noise.
        references: reference kernel to its seconds in each round.
        not_quiet: what else the machine did in that time; empty for a quiet machine.
    """

    base: tuple[float, ...]
    head: tuple[float, ...]
    again: tuple[float, ...]
    references: Mapping[str, tuple[float, ...]]
    not_quiet: str = ""


@dataclass(frozen=True)
class TimingResult:
    """The verdict about the times of one configuration, and its numbers.

    Attributes:
        verdict: `INVALID` means that the times cannot be believed.
        ratio: head over base, the Hodges-Lehmann estimate over the rounds.
        p: of the signed-rank test, Holm-corrected over the configurations.
        floor: the noise: largest difference of the second base from the first, as a share, at 95 %.
        factor: the threshold of the ratio, `max(rules.factor, 1 + 2 * floor)`.
        reason: why the times are INVALID, else empty.
    """

    verdict: TimingVerdict
    ratio: float
    p: float
    floor: float
    factor: float
    reason: str = ""


def decide(every: Sequence[RoundTimes], rules: Rules | None = None) -> list[TimingResult]:
    """One result for each configuration.

    The logarithm of the head's time is compared with the mean over both copies of the base in the same round, so that
    what changes all three at once cancels. *Slower* needs a signed-rank p below `alpha` after Holm's correction and a
    ratio above the factor; *faster* needs the same in the other direction. Times are INVALID if the machine was not
    quiet, a reference kernel drifted, or if the two copies of the base differ by more than the factor allows.
    """
    rules = rules or Rules()
    differences = [_logs(rounds.head) - (_logs(rounds.base) + _logs(rounds.again)) / 2 for rounds in every]
    corrected = holm([_p(difference) for difference in differences])
    return [
        _decision(rounds, difference, p, rules)
        for rounds, difference, p in zip(every, differences, corrected, strict=True)
    ]


def noise_floor(rounds: RoundTimes) -> float:
    """The further end of the 95 % interval of what the second copy of the base differs by, as a share of the time.

    The interval is the signed-rank test's own (Hollander and Wolfe, "Nonparametric Statistical Methods", section 3.3):
    single disturbed rounds move it little.
    """
    differences = _logs(rounds.again) - _logs(rounds.base)
    n, means = len(differences), np.sort(_pair_means(differences))
    outside = len(means) / 2 - 1.96 * math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    skip = max(0, math.floor(outside))
    return math.expm1(float(max(abs(means[skip]), abs(means[-1 - skip]))))


def _decision(rounds: RoundTimes, difference: np.ndarray, p: float, rules: Rules) -> TimingResult:
    ratio, floor = math.exp(float(np.median(_pair_means(difference)))), noise_floor(rounds)
    factor = max(rules.factor, 1 + 2 * floor)
    reason = _invalid_reason(rounds, floor, rules)
    verdict: TimingVerdict = "same"
    if reason:
        verdict = "INVALID"
    elif p < rules.alpha and ratio > factor:
        verdict = "slower"
    elif p < rules.alpha and ratio < 1 / factor:
        verdict = "faster"
    return TimingResult(verdict, ratio, p, floor, factor, reason)


def _invalid_reason(rounds: RoundTimes, floor: float, rules: Rules) -> str:
    if rounds.not_quiet:
        return f"this machine is not quiet: {rounds.not_quiet}"
    for name, times in rounds.references.items():
        half = len(times) // 2
        moved = statistics.median(times[-half:]) / statistics.median(times[:half]) - 1 if half else 0.0
        noise = _ERROR_OF_MEDIAN * look_noise([times]) / math.sqrt(max(half, 1))
        if abs(moved) > drift_limit(name, noise, on_cpu=True, least=rules.drift):
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
