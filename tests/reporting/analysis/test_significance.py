from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.reporting.analysis.significance import significantly_worse
from bench.statistics import min_pictures


def names(count: int) -> list[str]:
    return [str(index) for index in range(count)]


@given(st.lists(st.integers(-3, 9), min_size=8, max_size=12))
@settings(max_examples=60, deadline=None)
def test_one_row_is_told_apart_as_scipy_says(gains: list[int]) -> None:
    values = np.array(gains, dtype=float)
    p = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=1 << 13).pvalue

    assert significantly_worse(values[None], names(len(values)), 1) == [bool(p <= 0.05 and values.mean() > 0)]


def test_pictures_count_and_not_the_fills_of_them() -> None:
    gains = np.ones((1, 12))

    assert significantly_worse(gains, names(12), 1) == [True]
    assert significantly_worse(gains, names(6) * 2, 1) == [True]
    assert significantly_worse(gains, names(4) * 3, 1) == [None]


def test_the_best_is_never_worse_than_a_row_that_beats_it() -> None:
    assert significantly_worse(-np.ones((1, 30)), names(30), 1) == [False]


def test_exact_fills_are_a_sign_test() -> None:
    won = np.full((2, 10), np.nan)
    won[0, :9] = math.inf
    won[1] = [math.inf] * 5 + [-math.inf] * 5

    assert significantly_worse(won, names(10), 2) == [True, False]


def test_fewest_pictures_are_those_with_which_something_can_be_found() -> None:
    for tests in (1, 2, 7, 36, 90, 400):
        fewest = min_pictures(tests)

        assert 2 / 2**fewest * tests <= 0.05 < 2 / 2 ** (fewest - 1) * tests
        assert significantly_worse(np.ones((1, fewest)), names(fewest), tests) == [True]
        assert significantly_worse(np.ones((1, fewest - 1)), names(fewest - 1), tests) == [None]


@pytest.mark.parametrize(("rows", "columns"), [(3, 1), (5, 4), (12, 1)])
def test_equal_models_are_rarely_told_apart(rows: int, columns: int) -> None:
    alarms, times = 0, 150
    for seed in range(times):
        draw = np.random.default_rng([rows, columns, seed])
        gains = []
        for _ in range(columns):
            values = draw.normal(0, 1, (rows, 30)) + draw.normal(0, 3, 30)
            best = int(values.mean(axis=1).argmax())
            gains += [values[best] - values[row] for row in range(rows) if row != best]
        alarms += any(significantly_worse(np.array(gains), names(30), columns * math.comb(rows, 2)))

    assert alarms <= stats.binom.ppf(0.999, times, 0.05)
