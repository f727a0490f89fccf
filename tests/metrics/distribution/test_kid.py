from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from bench.errors import DataError, UsageError
from bench.metrics import kid
from bench.metrics.distribution.backends.kernel import used_subset_size
from tests.metrics.distribution.made_features import features


def test_kid_of_all_rows_is_torchmetrics_unbiased_estimate() -> None:
    """With as many subsets as needed, their mean is the estimate from all rows, within Monte-Carlo error."""
    a, b = features(40, 12), features(40, 12, seed=1, shift=0.3)
    together = float(poly_mmd(torch.from_numpy(a), torch.from_numpy(b)))

    value, _ = kid(a, b, subsets=4000, subset_size=20)

    assert value == pytest.approx(together, rel=0.02)


@pytest.mark.parametrize(("count", "subset_size"), [(60, 25), (400, 25)])
def test_kid_is_the_mean_of_torchmetrics_over_the_subsets(count: int, subset_size: int) -> None:
    a, b = features(count, 12), features(count + 7, 12, seed=1, shift=0.2)
    stream = np.random.Philox(key=5)
    values = []
    for _ in range(40):
        rows = [np.argsort(stream.random_raw(len(x)), kind="stable")[:subset_size] for x in (a, b)]
        values.append(float(poly_mmd(torch.from_numpy(a[rows[0]]), torch.from_numpy(b[rows[1]]))))

    value, error = kid(a, b, subsets=40, subset_size=subset_size, seed=5)

    assert value == pytest.approx(np.mean(values), rel=1e-9)
    spread = np.var(values, ddof=1) * (subset_size / (count - subset_size) + 1 / 40)
    assert error == pytest.approx(math.sqrt(spread), rel=1e-9)


def test_kid_of_one_distribution_is_near_zero_and_its_error_covers_it() -> None:
    found = [kid(features(120, 8, 2 * run), features(120, 8, 2 * run + 1), subsets=60) for run in range(60)]
    values, errors = np.array(found).T

    assert abs(values.mean()) < 3 * values.std(ddof=1) / math.sqrt(60)
    assert np.mean(np.abs(values) <= 1.96 * errors) >= 0.9
    assert values.std(ddof=1) <= np.median(errors) <= 3 * values.std(ddof=1)  # too large, by about sqrt(N / m + 1)


def test_kids_standard_error_is_the_spread_over_other_pictures() -> None:
    found = [
        kid(features(200, 8, 2 * run), features(200, 8, 2 * run + 1, shift=0.3), subsets=60, subset_size=50)
        for run in range(120)
    ]
    values, errors = np.array(found).T

    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(ddof=1), rel=0.25)


def test_kid_tells_distributions_apart() -> None:
    value, error = kid(features(200, 8), features(200, 8, seed=1, shift=0.5))

    assert value > 5 * error > 0


def test_kid_is_seeded() -> None:
    a, b = features(50, 6), features(50, 6, seed=1)

    assert kid(a, b) == kid(a, b)
    assert kid(a, b)[0] != kid(a, b, seed=1)[0]
    assert kid(a, b)[0] == pytest.approx(kid(a, b, seed=1)[0], abs=4 * kid(a, b)[1])


def test_a_subset_has_at_most_half_of_the_smaller_set() -> None:
    a, b = features(30, 6), features(90, 6, seed=1)

    assert [used_subset_size(1000, rows) for rows in (30, 31, 5000)] == [15, 15, 1000]
    assert kid(a, b) == kid(a, b, subset_size=15)
    assert kid(a, b)[1] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subsets": 1}, "subsets of kid must be at least 2; found 1"),
        ({"subset_size": 1}, "subset_size of kid must be at least 2; found 1"),
        ({"seed": -1}, "seed of kid must be at least 0; found -1"),
    ],
)
def test_bad_options_of_kid_are_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kid(features(9, 3), features(9, 3, seed=1), **options)


def test_kid_needs_four_rows() -> None:
    assert math.isfinite(kid(features(10, 4)[:4], features(10, 4)[4:])[1])
    with pytest.raises(DataError, match="features_a must have at least 4 rows, one a picture; found 3"):
        kid(features(10, 4)[:3], features(10, 4))
