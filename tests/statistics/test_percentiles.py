from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from bench.statistics.percentiles import allowed_above, least_values, percentile_bound


@pytest.mark.parametrize(("percent", "least", "with_one_above"), [(90, 44, 64), (99, 459, 662), (99.9, 4603, 6636)])
def test_the_fewest_values_are_those_of_mlperf(percent: float, least: int, with_one_above: int) -> None:
    assert least_values(percent) == least
    assert [allowed_above(n, percent) for n in (1, least - 1, least)] == [-1, -1, 0]
    assert [allowed_above(n, percent) for n in (with_one_above - 1, with_one_above)] == [0, 1]


@pytest.mark.parametrize("n", [459, 1000, 24_576, 270_336])
def test_one_more_above_would_not_have_the_confidence(n: int) -> None:
    allowed = allowed_above(n, 99)

    assert binom.cdf(allowed, n, 0.01) <= 0.01 < binom.cdf(allowed + 1, n, 0.01)


def test_a_bound_lies_below_the_percentile_in_one_of_a_hundred_samples() -> None:
    draws = np.random.default_rng(0).exponential(size=(2000, 700))
    truth = -math.log(0.01)

    below = sum(percentile_bound(row.tolist(), 99) < truth for row in draws) / len(draws)

    assert 0 < below <= 0.015


def test_too_few_values_bound_nothing() -> None:
    assert percentile_bound([1.0] * 458, 99) == math.inf
    assert percentile_bound([], 50) == math.inf
    assert percentile_bound([2.0, *[1.0] * 458], 99) == 2.0
