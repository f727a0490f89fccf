"""How often a decision falls with more or fewer pictures, and how many pictures it takes: by drawing and deciding.

A draw gives differences of as many pictures as asked for; the decision is the one that a comparison or the gate takes
of them, with its own test, interval and correction. What is counted is how often it falls.
docs/explanation/statistics.md has the power that is reached at the answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bench.statistics.clusters import ClusterSums, Floats
from bench.statistics.intervals import cluster_intervals
from bench.statistics.paired import sign_flip_p, standard_errors

__all__ = [
    "MOST_PICTURES",
    "POWER",
    "Decision",
    "Draw",
    "limiting_intervals",
    "limiting_p",
    "normal_draw",
    "pictures_needed",
    "power_at",
    "resampling_draw",
    "significant",
]

Draw: TypeAlias = Callable[[int], ClusterSums]
"""The number of pictures to the sums of as many clusters in `SAMPLES` columns, each column another draw."""

Decision: TypeAlias = Callable[[ClusterSums], npt.NDArray[np.bool_]]
"""Differences in columns to whether each column decides, bool [K]."""

POWER = 0.8
"""The chance of a decision that is asked for."""

MOST_PICTURES = 20_000
"""No larger number of pictures is tried."""

SAMPLES = 200
"""Draws behind a power: its standard error is 3 points at 80 %."""

_SMALL = 20
"""Pictures up to which the test is run as it is; beyond, its limit for many pictures takes its place."""

_INTERVAL_DRAWS = 1000


def power_at(pictures: int, draw: Draw, decision: Decision) -> float:
    """The share of draws of so many pictures that decide, 0 to 1."""
    return float(decision(draw(pictures)).mean())


def pictures_needed(draw: Draw, decision: Decision, *, least: int = 2, power: float = POWER) -> int | None:
    """The number of pictures from which a decision falls with probability `power`, to about 5 %.

    Args:
        draw: what the differences are drawn from.
        decision: what falls.
        least: the smallest answer.
        power: above 0, below 1.

    Returns:
        None when `MOST_PICTURES` are too few.
    """
    low, high = least - 1, least
    while power_at(high, draw, decision) < power:
        if high >= MOST_PICTURES:
            return None
        low, high = high, min(MOST_PICTURES, high + (max(1, high // 2) if high < _SMALL else high))
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle, draw, decision) >= power else (middle, high)
    return high


def resampling_draw(observed: ClusterSums, column: int = 0, *, seed: int = 0) -> Draw:
    """Draws clusters that were observed, with replacement; those without a value in the column are never drawn.

    Their spread is widened by sqrt(G / (G - 1)), by which a sample of G clusters understates it on average.
    """
    held = observed.sizes[:, column] > 0
    sums, sizes = observed.sums[held, column], observed.sizes[held, column]
    count = len(sums)
    centre = sizes * sums.sum() / sizes.sum()
    widened = centre + (sums - centre) * math.sqrt(count / max(1, count - 1))

    def draw(pictures: int) -> ClusterSums:
        words = np.random.Philox(key=seed).random_raw(pictures * SAMPLES).reshape(pictures, SAMPLES)
        index = (((words >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)).astype(np.int64)
        return ClusterSums(widened[index], sizes[index])

    return draw


def normal_draw(difference: float, spread: float, *, seed: int = 0) -> Draw:
    """Draws one difference a picture from a normal distribution with this mean and standard deviation."""

    def draw(pictures: int) -> ClusterSums:
        noise = np.random.Generator(np.random.Philox(key=seed)).standard_normal((pictures, SAMPLES))
        return ClusterSums(difference + spread * noise, np.ones((pictures, SAMPLES)))

    return draw


def significant(tests: int, level: float) -> Decision:
    """Whether the sign-flip test tells two models apart as the first step of Holm's procedure over `tests` tests."""
    return lambda columns: limiting_p(columns) * tests <= level


def limiting_p(columns: ClusterSums) -> Floats:
    """`sign_flip_p` [K] of up to 20 clusters; of more the normal p-value, which it comes to."""
    if columns.count <= _SMALL:
        return sign_flip_p(columns)
    scale = np.sqrt((columns.sums**2).sum(axis=0))
    t = np.abs(columns.sums.sum(axis=0)) / np.where(scale > 0, scale, 1.0)
    return np.array([math.erfc(value / math.sqrt(2)) for value in t.tolist()])


def limiting_intervals(columns: ClusterSums) -> tuple[Floats, Floats]:
    """`cluster_intervals` [K] of up to 20 clusters; of more Student's interval, which they come to."""
    if columns.count <= _SMALL:
        return cluster_intervals(columns, draws=_INTERVAL_DRAWS)
    from scipy.special import stdtrit

    means, half = columns.means(), float(stdtrit(columns.count - 1, 0.975)) * standard_errors(columns)
    return means - half, means + half
