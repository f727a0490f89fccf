"""Differences over pictures and trainings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.errors import DataError
from bench.records.values import Floats
from bench.statistics.training_seeds import difference_over_seeds


def trainings(rng: np.random.Generator, seeds: int, pictures: int, spread: float) -> tuple[Floats, Floats]:
    """Two recipes of the same quality: pictures differ, and each training is a little better or worse."""
    hardness = rng.standard_normal(pictures)
    a, b = (
        hardness + spread * rng.standard_normal((seeds, 1)) + 0.5 * rng.standard_normal((seeds, pictures))
        for _ in range(2)
    )
    return a, b


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.5])
def test_the_interval_covers_as_often_as_it_says(spread: float) -> None:
    rng = np.random.default_rng(0)
    found = [difference_over_seeds(*trainings(rng, 3, 60, spread)).ci95 for _ in range(400)]
    covered = np.mean([low <= 0 <= high for low, high in found])
    assert 0.93 <= covered <= 1.0


def test_an_interval_over_pictures_alone_would_not_cover() -> None:
    """The reason for the module: three trainings of equal recipes differ by more than pictures can say."""
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(100):
        a, b = trainings(rng, 3, 60, 0.5)
        found = stats.ttest_1samp(b.mean(axis=0) - a.mean(axis=0), 0).confidence_interval()
        missed += not found.low <= 0 <= found.high
    assert missed > 50


def test_without_variance_over_seeds_it_is_the_paired_t_interval() -> None:
    rng = np.random.default_rng(2)
    a, b = np.repeat(rng.standard_normal((1, 30)), 3, axis=0), np.repeat(rng.standard_normal((1, 30)), 3, axis=0)
    found = difference_over_seeds(a, b - (b.mean() - a.mean()) + 1.0)
    expected = stats.ttest_1samp((b - (b.mean() - a.mean()) + 1.0 - a)[0], 0).confidence_interval()
    assert found.ci95 == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.error_seeds == pytest.approx(0, abs=1e-12)


def test_a_picture_without_a_value_in_one_training_is_left_out() -> None:
    rng = np.random.default_rng(3)
    a, b = trainings(rng, 3, 20, 0.1)
    gap = b.copy()
    gap[1, 4] = np.nan
    assert difference_over_seeds(a, gap) == difference_over_seeds(np.delete(a, 4, 1), np.delete(b, 4, 1))


@pytest.mark.parametrize(
    ("a", "b"), [((1, 5), (3, 5)), ((3, 5), (1, 5)), ((3, 5), (3, 4)), ((3, 1), (3, 1)), ((3, 0), (3, 0))]
)
def test_too_little_is_refused(a: tuple[int, int], b: tuple[int, int]) -> None:
    with pytest.raises(DataError):
        difference_over_seeds(np.zeros(a), np.zeros(b))
