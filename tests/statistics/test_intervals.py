from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.errors import UsageError
from bench.statistics import cluster_intervals, cluster_sums

Floats = npt.NDArray[np.float64]
Sampler = Callable[[np.random.Generator, tuple[int, int]], Floats]
finite = st.floats(-1e6, 1e6)


def skewed(generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return generator.gamma(3.0, 2.0, shape) - 6.0


def normal(generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return generator.normal(0, 4, shape)


def interval(
    values: Sequence[float] | Floats, clusters: Sequence[Hashable] | None = None, **options: Any
) -> list[float]:
    """Both ends, of one column."""
    ends = cluster_intervals(cluster_sums(values, clusters), **options)
    return [float(end[0]) for end in ends]


@pytest.mark.parametrize(("sampler", "n"), [(normal, 8), (normal, 12), (normal, 40), (normal, 200), (skewed, 100)])
def test_intervals_cover_the_true_mean_as_often_as_promised(sampler: Sampler, n: int) -> None:
    samples = sampler(np.random.default_rng(n), (n, 3000))
    hits = 0
    for seed in range(10):  # columns of one call share their draws, and so part of the Monte-Carlo error
        low, high = cluster_intervals(cluster_sums(samples[:, seed * 300 : seed * 300 + 300]), draws=2000, seed=seed)
        hits += int(((low <= 0) & (high >= 0)).sum())

    assert 0.93 < hits / 3000 < 0.97


def test_clustered_intervals_cover_where_ignoring_the_clusters_does_not() -> None:
    generator = np.random.default_rng(5)
    pictures = np.repeat(np.arange(40), 4)
    samples = np.repeat(generator.normal(0, 1, (40, 1000)), 4, axis=0) + generator.normal(0, 0.3, (160, 1000))
    covered = {}
    for name, clusters in (("clustered", pictures), ("plain", None)):
        low, high = cluster_intervals(cluster_sums(samples, clusters), draws=2000)
        covered[name] = float(((low <= 0) & (high >= 0)).mean())

    assert 0.93 < covered["clustered"] < 0.97
    assert covered["plain"] < 0.8


def test_intervals_of_clusters_of_unlike_sizes_cover() -> None:
    generator = np.random.default_rng(8)
    pictures = np.repeat(np.arange(60), generator.integers(1, 7, 60))
    samples = generator.normal(0, 1, (60, 1000))[pictures] + generator.normal(0, 0.3, (len(pictures), 1000))

    low, high = cluster_intervals(cluster_sums(samples, pictures), draws=2000)

    assert 0.93 < float(((low <= 0) & (high >= 0)).mean()) < 0.97


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("n", [15, 60, 2000])
def test_intervals_agree_with_scipy_at_the_expanded_level(n: int, level: float) -> None:
    values = skewed(np.random.default_rng(3), (n, 1))[:, 0]
    expanded = 2 * stats.norm.cdf(stats.t.ppf((1 + level) / 2, n - 1) * math.sqrt(n / (n - 1))) - 1
    other = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=expanded,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(0),
        batch=1000,
    )

    ours = interval(values, level=level, draws=20_000)

    spread = float(np.std(other.bootstrap_distribution))
    assert ours == pytest.approx(list(other.confidence_interval), abs=0.12 * spread)


def test_clusters_of_one_source_each_change_nothing() -> None:
    values = skewed(np.random.default_rng(2), (30, 1))[:, 0]

    assert interval(values, [f"sample {i}" for i in range(30)], draws=500) == interval(values, draws=500)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(-1000, 1000), st.integers(0, 4)), min_size=1, max_size=20))
def test_neither_order_nor_names_of_clusters_matter(pairs: list[tuple[int, int]]) -> None:
    def clustered(of: list[tuple[int, int]]) -> str:
        return repr(interval([value for value, _ in of], [f"picture-{9 - cluster}" for _, cluster in of], draws=200))

    def plain(of: list[tuple[int, int]]) -> str:
        return repr(interval([value for value, _ in of], draws=200))

    backwards = sorted(pairs, reverse=True)

    assert clustered(backwards) == clustered(pairs)  # as text, since NaN differs from itself
    assert plain(backwards) == plain(pairs)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=20), st.integers(1, 30))
def test_rows_without_a_value_do_not_matter(values: list[int], more: int) -> None:
    pictures = [f"p{index % 7}" for index in range(len(values))]
    padding = [math.nan] * (more + 1)

    padded = interval([*padding, *values], [*(f"q{index}" for index in range(more)), "p0", *pictures], draws=200)

    assert padded == interval(values, pictures, draws=200)


@settings(deadline=None, max_examples=30)
@given(st.lists(finite, min_size=2, max_size=20), st.floats(0.5, 0.99))
def test_the_interval_lies_within_the_values_and_is_ordered(values: list[float], level: float) -> None:
    low, high = interval(values, level=level, draws=200)
    slack = 1e-9 * max(map(abs, values))

    assert min(values) - slack <= low <= high <= max(values) + slack


def test_numbers_do_not_move() -> None:
    values = [float(i * i % 17) - 7 for i in range(23)]

    assert interval(values) == [-1.9130434782608696, 3.0869565217391304]
    assert interval(values, [i // 3 for i in range(23)], seed=1) == [-3.0454545454545454, 3.857142857142857]


def test_the_seed_selects_the_stream() -> None:
    values = skewed(np.random.default_rng(2), (30, 1))[:, 0]

    assert interval(values, seed=1) != interval(values, seed=2)


def test_one_picture_has_no_interval() -> None:
    assert np.isnan(interval([3.5])).all()
    assert np.isnan(interval([3.0, 5.0], ["a", "a"])).all()


def test_two_pictures_have_the_widest_interval_that_there_is() -> None:
    assert interval([1.0, 4.0]) == [1.0, 4.0]


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"draws": 99}, {"seed": -1}])
def test_refuses_options_without_a_meaning(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="of a resampling must"):
        interval([1.0, 2.0], **options)


def test_many_clusters_are_drawn_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).gamma(3.0, 2.0, 5000)
    every = interval(values, draws=2000)
    monkeypatch.setattr("bench.statistics.clusters.MOST_CLUSTERS", 300)

    grouped = interval(values, draws=2000)

    assert grouped == interval(np.random.default_rng(4).permutation(values), draws=2000)
    assert np.mean(grouped) == pytest.approx(np.mean(every), abs=0.1 * (every[1] - every[0]))
    assert grouped[1] - grouped[0] == pytest.approx(every[1] - every[0], rel=0.2)
    assert grouped != every
