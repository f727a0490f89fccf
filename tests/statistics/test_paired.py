from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.errors import DataError, UsageError
from bench.statistics import (
    cluster_intervals,
    cluster_sums,
    holm,
    sign_flip_p,
    standard_errors,
    wilcoxon_p,
)

Floats = npt.NDArray[np.float64]
finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("n", [5, 9, 13])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_sign_flips_of_few_pictures_are_scipys_exact_test(n: int, shift: float) -> None:
    values = np.random.default_rng(n).normal(shift, 1, n)
    other = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=10**6)

    assert sign_flip_p(cluster_sums(values))[0] == pytest.approx(float(other.pvalue), abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.4])
def test_sign_flips_of_many_pictures_agree_with_scipy_within_monte_carlo_error(shift: float) -> None:
    values = np.random.default_rng(1).normal(shift, 1, 40)
    other = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=50_000, rng=np.random.default_rng(2)
    )
    p = float(other.pvalue)

    assert sign_flip_p(cluster_sums(values))[0] == pytest.approx(p, abs=max(4 * math.sqrt(p / 10_000), 0.4 * p / 2))


def test_whole_clusters_change_sign() -> None:
    generator = np.random.default_rng(4)
    pictures = np.repeat(np.arange(6), 3)
    values = generator.normal(0.5, 1, 18)
    sums = [values[pictures == picture].sum() for picture in range(6)]
    every = [
        abs(sum(s * x for s, x in zip(signs, sums, strict=True))) for signs in itertools.product((1, -1), repeat=6)
    ]
    expected = np.mean([value >= abs(sum(sums)) - 1e-12 for value in every])

    assert sign_flip_p(cluster_sums(values, pictures))[0] == pytest.approx(expected)


@pytest.mark.parametrize("n", [10, 16, 19])
def test_the_p_of_equal_differences_is_bounded_by_the_exact_one(n: int) -> None:
    p = float(sign_flip_p(cluster_sums(np.full(n, 0.1)))[0])

    assert 2 / 2**n <= p <= max(2 / 2**n, 20 / 2**n, 1e-4)


@settings(max_examples=40)
@given(st.lists(st.floats(-100, 100), min_size=15, max_size=18))
def test_no_p_is_below_the_exact_one_beyond_monte_carlo_error(values: list[float]) -> None:
    signs = 1.0 - 2.0 * ((np.arange(2**17)[:, None] >> np.arange(len(values) - 1)) & 1)
    grid = cluster_sums(values).sums[:, 0]
    sums = np.abs(signs @ grid[1:] + grid[0])
    exact = float((sums >= abs(grid.sum()) - 1e-9).mean())

    assert sign_flip_p(cluster_sums(values))[0] >= exact - 5 * math.sqrt(exact / 1000) - 1e-12


def test_the_corrected_tests_raise_a_false_alarm_in_at_most_a_twentieth_of_the_families() -> None:
    generator = np.random.default_rng(11)
    alarms, families = 0, 400
    for seed in range(families):
        null = generator.normal(0, 1, (30, 20)) * generator.gamma(1, 1, (30, 1))  # correlated in size, heavy tails
        alarms += min(holm(sign_flip_p(cluster_sums(null), draws=2000, seed=seed).tolist())) <= 0.05

    assert alarms / families <= 0.05


def test_a_true_difference_survives_the_correction_for_a_thousand_tests() -> None:
    p = sign_flip_p(cluster_sums(np.random.default_rng(0).normal(0.5, 1, 200)))[0]

    assert holm([float(p)] + [0.5] * 1400)[0] < 0.01


@pytest.mark.parametrize("n", [12, 80])
def test_wilcoxon_is_scipys(n: int) -> None:
    values = np.random.default_rng(n).normal(0.3, 1, (n, 3))
    values[:2, 1] = 0

    p = wilcoxon_p(cluster_sums(values))

    expected = [stats.wilcoxon(column, zero_method="pratt").pvalue for column in values.T]
    assert p.tolist() == pytest.approx(expected, rel=1e-6)


def test_standard_errors_are_the_textbooks() -> None:
    values = np.random.default_rng(0).normal(0, 1, 30)
    pairs = np.repeat(values, 2)

    assert standard_errors(cluster_sums(values))[0] == pytest.approx(stats.sem(values))
    assert standard_errors(cluster_sums(pairs, np.repeat(np.arange(30), 2)))[0] == pytest.approx(stats.sem(values))


@settings(max_examples=30)
@given(st.lists(st.lists(finite, min_size=6, max_size=6), min_size=2, max_size=20))
@example([[0.0] * 6, [0.0, 1e-310, 5e-324, 1e-300, -1e-310, 0.0]])  # a grid finer than the smallest number
def test_a_column_does_not_depend_on_its_neighbours(rows: list[list[float]]) -> None:
    values = np.array(rows)
    values[0, 5] = np.nan
    together = cluster_sums(values)
    low, high = cluster_intervals(together, draws=200)
    for index in range(6):
        alone = cluster_sums(values[:, index])
        ends = cluster_intervals(alone, draws=200)
        assert np.array_equal([low[index], high[index]], [ends[0][0], ends[1][0]], equal_nan=True)
        assert sign_flip_p(together, draws=200)[index] == sign_flip_p(alone, draws=200)[0]


def test_order_of_additions_does_not_matter() -> None:
    columns = cluster_sums(np.random.default_rng(0).normal(1, 1000, (500, 3)))
    times = np.random.default_rng(1).multinomial(500, np.full(500, 1 / 500), 20).astype(float)
    shuffled = np.random.default_rng(2).permutation(500)

    assert np.array_equal(times @ columns.sums, times[:, shuffled] @ columns.sums[shuffled])


def test_numbers_do_not_move() -> None:
    values = np.array([float(i * i % 17) - 7 for i in range(23)])

    assert float(sign_flip_p(cluster_sums(values))[0]) == 0.6863136863136863


def test_undefined_values_are_left_out() -> None:
    values = np.random.default_rng(0).normal(1, 1, 40)
    with_holes = np.concatenate([values, np.full(10, np.nan)])
    columns = cluster_sums(np.column_stack([with_holes, np.full(50, np.nan)]))

    low, high = cluster_intervals(columns)

    assert columns.means()[0] == pytest.approx(values.mean())
    assert columns.used().tolist() == [40, 0]
    alone = cluster_intervals(cluster_sums(values))
    assert (low[0], high[0]) == (alone[0][0], alone[1][0])
    assert np.isnan([low[1], high[1], standard_errors(columns)[1], columns.means()[1]]).all()
    assert sign_flip_p(columns)[1] == 1.0
    assert wilcoxon_p(columns)[1] == 1.0


def test_no_difference_at_all() -> None:
    columns = cluster_sums(np.zeros(20))

    assert [float(end[0]) for end in cluster_intervals(columns)] == [0.0, 0.0]
    assert sign_flip_p(columns)[0] == 1.0
    assert wilcoxon_p(columns)[0] == 1.0


@pytest.mark.parametrize("values", [[], [1.0, math.inf], [[[1.0]]]])
def test_refuses_what_has_no_sums(values: list[float]) -> None:
    with pytest.raises(DataError, match="values must"):
        cluster_sums(values)


def test_refuses_clusters_of_another_length() -> None:
    with pytest.raises(DataError, match="as many as the 2 rows"):
        cluster_sums([1.0, 2.0], ["a"])


@pytest.mark.parametrize("options", [{"draws": 99}, {"seed": -1}])
def test_refuses_options_without_a_meaning(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="of a resampling must"):
        sign_flip_p(cluster_sums([1.0, 2.0]), **options)
