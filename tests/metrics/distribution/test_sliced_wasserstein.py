from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bench.errors import DataError, UsageError
from bench.metrics import definition, sliced_wasserstein
from bench.metrics.distribution.backends.slices import unit_directions
from tests.metrics.distribution.made_features import Floats, features

PINNED = [-0.8502770553224259, -0.2624795105011535, -0.4562164352139226]


def cheapest(x: Floats, y: Floats) -> float:
    costs = np.square(x[:, None] - y)
    return float(costs[linear_sum_assignment(costs)].mean())


@pytest.mark.parametrize("offset", [0.0, 1e7])
def test_it_is_the_cheapest_assignment_along_each_direction(offset: float) -> None:
    a, b = features(40, 6), features(40, 6, seed=1, shift=0.3)
    lines = unit_directions(50, 6, seed=4)
    wanted = 3 * 6 * np.mean([cheapest(a @ line, b @ line) for line in lines])

    # A mean of 1e7 leaves 9 of 16 digits in the features themselves.
    found = sliced_wasserstein(a + offset, b + offset, directions=50, seed=4)
    assert found == pytest.approx(wanted, rel=1e-9 if not offset else 1e-7)


def test_sets_of_other_sizes_are_compared_whole() -> None:
    a, b = features(30, 4), features(42, 4, seed=1, shift=0.3)
    x, y = (np.repeat(one, 210 // len(one), axis=0) for one in (a, b))

    assert sliced_wasserstein(a, b) == pytest.approx(sliced_wasserstein(x, y), rel=1e-9)
    assert sliced_wasserstein(a, b) == pytest.approx(sliced_wasserstein(b, a), rel=1e-9)


def test_a_shift_scores_three_times_its_square() -> None:
    a = features(50, 200)
    shift = np.random.default_rng(1).normal(size=200)

    found = sliced_wasserstein(a, a + shift, directions=4000)

    assert found == pytest.approx(3 * np.square(shift).sum(), rel=0.05)


def test_equal_sets_are_0_apart_in_any_order() -> None:
    a = features(50, 8)

    assert sliced_wasserstein(a, a) == 0
    assert sliced_wasserstein(a, a[np.random.default_rng(0).permutation(50)]) < 1e-25


def test_directions_are_uniform_pinned_and_seeded() -> None:
    lines = unit_directions(2000, 3, seed=0)

    assert np.linalg.norm(lines, axis=1) == pytest.approx(1)
    assert np.abs(lines.mean(axis=0)).max() < 0.05
    assert lines.T @ lines / 2000 == pytest.approx(np.eye(3) / 3, abs=0.03)
    assert lines[0] == pytest.approx(PINNED, abs=1e-12)
    assert sliced_wasserstein(features(9, 3), features(9, 3, 1)) != sliced_wasserstein(
        features(9, 3), features(9, 3, 1), seed=1
    )


def test_draws_are_the_metric_of_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    metric, a, b = definition("sliced-wasserstein"), features(30, 6), features(30, 6, seed=1)
    rows = [np.arange(0, 30, 2), np.arange(11)]
    together = metric.load_draws()
    assert together
    monkeypatch.setattr("bench.metrics.distribution.backends.slices._NUMBERS", 500)

    assert together(a, b, rows) == pytest.approx([metric.load_distance()(a[one], b[one])[0] for one in rows], rel=1e-9)


def test_what_has_no_distance_is_refused() -> None:
    with pytest.raises(UsageError, match="directions of sliced_wasserstein must be at least 1; found 0"):
        sliced_wasserstein(features(9, 3), features(9, 3), directions=0)
    with pytest.raises(DataError, match="features_b must have the 3 features of features_a; found 4"):
        sliced_wasserstein(features(9, 3), features(9, 4))
