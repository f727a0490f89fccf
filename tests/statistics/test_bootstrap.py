from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.errors import DataError, UsageError
from bench.statistics import mean_interval

Sampler = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]
finite = st.floats(-1e6, 1e6)


def normal(generator: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return generator.normal(25, 4, n)


def skewed(generator: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return generator.gamma(3.0, 2.0, n)


@pytest.mark.parametrize(("sampler", "mean", "n"), [(normal, 25.0, 40), (normal, 25.0, 100), (skewed, 6.0, 80)])
def test_covers_the_true_mean_as_often_as_promised(sampler: Sampler, mean: float, n: int) -> None:
    generator = np.random.default_rng(7)
    repeats = 1500
    hits = 0
    for repeat in range(repeats):  # a seed each: few draws with one seed share their Monte-Carlo error
        low, high = mean_interval(sampler(generator, n), draws=1000, seed=repeat)
        hits += low <= mean <= high

    assert 0.93 < hits / repeats < 0.97


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n", [3, 60])
def test_agrees_with_scipy_within_monte_carlo_error(level: float, n: int) -> None:
    values = skewed(np.random.default_rng(3), n)
    other = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=level,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    ours = mean_interval(values, level=level, draws=20_000)

    spread = float(np.std(other.bootstrap_distribution))
    assert ours == pytest.approx(tuple(other.confidence_interval), abs=0.08 * spread)


def test_clusters_widen_the_interval_when_their_members_agree() -> None:
    generator = np.random.default_rng(1)
    pictures = np.repeat(np.arange(40), 5)
    alike = np.repeat(generator.normal(25, 4, 40), 5) + generator.normal(0, 0.1, 200)
    low, high = mean_interval(alike, draws=2000)
    clustered_low, clustered_high = mean_interval(alike, pictures, draws=2000)

    assert (clustered_high - clustered_low) / (high - low) == pytest.approx(math.sqrt(5), rel=0.15)


def test_clusters_of_one_source_each_change_nothing() -> None:
    values = skewed(np.random.default_rng(2), 30)

    assert mean_interval(values, [f"sample {i}" for i in range(30)], draws=500) == mean_interval(values, draws=500)


def test_clusters_cover_the_true_mean_where_ignoring_them_does_not() -> None:
    generator = np.random.default_rng(5)
    pictures = np.repeat(np.arange(50), 4)
    covered = {"clustered": 0, "plain": 0}
    for _ in range(400):
        values = np.repeat(generator.normal(0, 1, 50), 4) + generator.normal(0, 0.2, 200)
        for name, clusters in (("clustered", pictures), ("plain", None)):
            low, high = mean_interval(values, clusters, draws=400)
            covered[name] += low <= 0 <= high

    assert covered["clustered"] / 400 > 0.91
    assert covered["plain"] / 400 < 0.8


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(finite, st.integers(0, 4)), min_size=1, max_size=20), st.randoms())
def test_neither_order_nor_cluster_names_matter(pairs: list[tuple[float, int]], random: object) -> None:
    def interval(of: list[tuple[float, int]]) -> tuple[float, float]:
        return mean_interval([value for value, _ in of], [f"picture-{9 - cluster}" for _, cluster in of], draws=200)

    backwards = sorted(pairs, reverse=True)

    assert interval(backwards) == interval(pairs)
    assert mean_interval([v for v, _ in backwards], draws=200) == mean_interval([v for v, _ in pairs], draws=200)


@settings(deadline=None, max_examples=30)
@given(st.lists(finite, min_size=1, max_size=20), st.floats(0.5, 0.99))
def test_the_interval_lies_within_the_values_and_is_ordered(values: list[float], level: float) -> None:
    low, high = mean_interval(values, level=level, draws=200)
    slack = 1e-9 * max(map(abs, values))

    assert min(values) - slack <= low <= high <= max(values) + slack


def test_numbers_do_not_move() -> None:
    values = [float(i * i % 17) for i in range(23)]

    assert mean_interval(values) == (5.304347826086956, 9.91304347826087)
    assert mean_interval(values, [i // 3 for i in range(23)], seed=1) == (4.739130434782608, 10.25)


def test_the_seed_selects_the_stream() -> None:
    values = skewed(np.random.default_rng(2), 30)

    assert mean_interval(values, seed=1) != mean_interval(values, seed=2)


def test_one_value_has_no_spread() -> None:
    assert mean_interval([3.5]) == (3.5, 3.5)
    assert mean_interval([3.0, 5.0], ["a", "a"]) == (4.0, 4.0)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, math.nan], [1.0, math.inf]])
def test_refuses_values_without_a_mean(values: list[float]) -> None:
    with pytest.raises(DataError, match="values must"):
        mean_interval(values)


def test_refuses_clusters_of_another_length() -> None:
    with pytest.raises(DataError, match="as many as the 2 values"):
        mean_interval([1.0, 2.0], ["a"])


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"draws": 0}, {"seed": -1}])
def test_refuses_options_without_a_meaning(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="of an interval must"):
        mean_interval([1.0, 2.0], **options)  # type: ignore[arg-type]  # level is a float
