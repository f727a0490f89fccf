from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.statistics import cluster_intervals, cluster_sums, detectable_effect, holm, min_pictures, sign_test_p


def test_holm_of_the_reference() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # statsmodels 0.14
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_none_and_bonferroni_and_keeps_the_order(p: list[float]) -> None:
    corrected = holm(p)

    assert all(a <= c <= min(1.0, len(p) * a) for a, c in zip(p, corrected, strict=True))
    assert [corrected[i] for i in np.argsort(p, kind="stable")] == sorted(corrected)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_sign_test_is_scipys_binomial_test(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0

    assert sign_test_p(wins, losses) == pytest.approx(float(expected))


def test_the_detectable_effect_is_found_with_the_promised_power() -> None:
    effect = detectable_effect(1 / np.sqrt(100))
    low, high = cluster_intervals(cluster_sums(np.random.default_rng(0).normal(effect, 1, (100, 2000))), draws=2000)

    assert float(((low > 0) | (high < 0)).mean()) == pytest.approx(0.8, abs=0.03)


def test_fewest_pictures_are_those_with_which_something_can_be_found() -> None:
    for tests in (1, 2, 7, 36, 90, 400):
        fewest = min_pictures(tests)

        assert 2 / 2**fewest * tests <= 0.05 < 2 / 2 ** (fewest - 1) * tests
