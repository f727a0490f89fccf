from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import LinearSVC
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from bench.errors import DataError, UsageError
from bench.metrics import fid, ids, kid
from bench.metrics.distribution.backends.kernel import used_subset_size

Floats = npt.NDArray[np.float64]
Distance = Callable[..., Any]


def features(count: int, size: int, seed: int = 0, shift: float = 0.0) -> Floats:
    """Like those of a network: correlated, never negative, not around 0."""
    mix = np.random.default_rng(99).normal(size=(size, size)) / math.sqrt(size)
    return np.maximum(np.random.default_rng(seed).normal(size=(count, size)) @ mix + 0.4 + shift, 0)


def fid_by_square_root(a: Floats, b: Floats) -> float:
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(covariances[0] + covariances[1] - 2 * root.real))


@settings(max_examples=25)
@given(st.integers(12, 90), st.integers(12, 90), st.integers(1, 11), st.integers(0, 99))
def test_fid_agrees_with_scipys_square_root(rows: int, others: int, size: int, seed: int) -> None:
    a, b = features(rows, size, seed), features(others, size, seed + 100, shift=0.3)

    assert fid(a, b) == pytest.approx(fid_by_square_root(a, b), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("rows", "others"), [(40, 50), (40, 300), (300, 40), (64, 64), (400, 300)])
def test_fid_is_the_same_by_every_route(rows: int, others: int) -> None:
    """Fewer pictures than features, more, and one of each; torchmetrics takes eigenvalues of the product."""
    a, b = features(rows, 64), features(others, 64, seed=1, shift=0.1)
    moments = [m for x in (a, b) for m in (torch.from_numpy(x.mean(0)), torch.from_numpy(np.cov(x, rowvar=False)))]

    found = fid(a, b)

    assert found == pytest.approx(fid_by_square_root(a, b), rel=1e-6)
    assert found == pytest.approx(float(_compute_fid(*moments)), rel=1e-5)


def test_fid_of_gaussians_approaches_the_known_distance() -> None:
    random = np.random.default_rng(0)
    mean, spread_a, spread_b = random.normal(size=8), random.uniform(0.5, 2, 8), random.uniform(0.5, 2, 8)
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0]
    truth = mean @ mean + ((spread_a - spread_b) ** 2).sum()  # covariances that commute

    errors = []
    for count in (100, 20_000):
        a = random.normal(size=(count, 8)) * spread_a @ turn
        b = (random.normal(size=(count, 8)) * spread_b + mean) @ turn
        errors.append(abs(fid(a, b) - truth) / truth)

    assert errors[1] < 0.01
    assert errors[1] < errors[0]


def test_fid_of_two_features_by_hand() -> None:
    a, b = np.array([[0.0, 1], [2, 1]]), np.array([[0.0, 3], [0, 7]])

    assert fid(a, b) == pytest.approx((1 + 16) + 2 + 8 - 0, abs=1e-12)  # spreads at a right angle do not overlap


@pytest.mark.parametrize("count", [2, 30, 200])
def test_fid_of_a_set_with_itself_is_zero(count: int) -> None:
    a = features(count, 48)

    assert 0 <= fid(a, a) < 1e-10
    assert 0 <= fid(a, a[::-1]) < 1e-10


def test_dead_features_and_repeated_pictures_are_exact() -> None:
    a, b = features(300, 16), features(200, 16, seed=1)
    dead = [np.concatenate([x, np.zeros_like(x), np.full_like(x, 7.0)], axis=1) for x in (a, b)]

    assert fid(*dead) == pytest.approx(fid(a, b), abs=1e-6)
    assert 0 <= fid(dead[0], dead[0]) < 1e-6
    assert fid(np.repeat(a[:5], 20, axis=0), b) == pytest.approx(
        fid_by_square_root(np.repeat(a[:5], 20, axis=0), b), rel=1e-6
    )


def test_fid_is_symmetric_and_does_not_depend_on_the_order() -> None:
    a, b = features(60, 24), features(20, 24, seed=1)

    assert fid(b, a) == pytest.approx(fid(a, b), rel=1e-12)
    assert fid(np.random.default_rng(0).permutation(a), b) == pytest.approx(fid(a, b), rel=1e-12)


def test_fid_of_a_large_offset_loses_nothing() -> None:
    a, b = features(60, 24), features(50, 24, seed=1)

    assert fid(a + 1e5, b + 1e5) == pytest.approx(fid(a, b), rel=1e-9)


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


GOOD = features(10, 4)
NOT_FEATURES: dict[str, tuple[object, str]] = {
    "list": ([[1.0, 2.0]], "float tensor or array .* found list"),
    "none": (None, "found NoneType"),
    "pictures": (torch.zeros(4, 3, 8, 8, dtype=torch.uint8), "found torch.Tensor of uint8"),
    "integers": (np.ones((4, 4), np.int64), "found numpy.ndarray of int64"),
    "maps": (np.ones((4, 4, 2, 2)), r"be a matrix \[N, D\]; found \[4, 4, 2, 2\]"),
    "one row": (GOOD[:1], "have at least [24] rows, one a picture; found 1"),
    "no row": (GOOD[:0], "have at least [24] rows, one a picture; found 0"),
    "no feature": (GOOD[:, :0], r"be a matrix \[N, D\]; found \[10, 0\]"),
    "nan": (np.where(np.eye(10, 4), np.nan, GOOD), "be finite; found 4 infinite or undefined numbers"),
    "inf": (torch.from_numpy(np.where(np.eye(10, 4), np.inf, GOOD)), "be finite; found 4 infinite"),
    "constant": (
        np.full((10, 4), 0.5),
        "differ between pictures; found constant features, the same 4 numbers in all 10 rows",
    ),
    "one picture": (np.repeat(GOOD[:1], 10, axis=0), "constant features"),
}


@pytest.mark.parametrize(
    ("distance", "names"),
    [
        (fid, ("features_a", "features_b")),
        (kid, ("features_a", "features_b")),
        (ids, ("features_real", "features_fake")),
    ],
)
@pytest.mark.parametrize(("wrong", "message"), NOT_FEATURES.values(), ids=NOT_FEATURES)
def test_bad_features_are_named(distance: Distance, names: tuple[str, str], wrong: object, message: str) -> None:
    with pytest.raises(DataError, match=f"{names[0]} must .*{message}"):
        distance(wrong, GOOD)
    with pytest.raises(DataError, match=f"{names[1]} must .*{message}"):
        distance(GOOD, wrong)


@pytest.mark.parametrize("distance", [fid, kid, ids])
def test_sets_that_do_not_fit_are_refused(distance: Distance) -> None:
    with pytest.raises(DataError, match=r"must have the 4 features of features_\w+; found 3"):
        distance(GOOD, GOOD[:, :3])
    with pytest.raises(DataError, match="must be on the device cpu"):
        distance(GOOD, OnAnotherDevice(torch.from_numpy(GOOD)))


class OnAnotherDevice(torch.Tensor):
    """A tensor that says so, for machines with one device."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]  # an attribute of the C class
        return torch.device("cuda:7")


def test_kid_needs_four_rows() -> None:
    assert math.isfinite(kid(GOOD[:4], GOOD[4:])[1])
    with pytest.raises(DataError, match="features_a must have at least 4 rows, one a picture; found 3"):
        kid(GOOD[:3], GOOD)


@pytest.mark.parametrize("distance", [fid, kid])
def test_tensors_and_arrays_of_any_float_type_are_taken(distance: Distance) -> None:
    a, b = features(20, 6).astype(np.float32), features(24, 6, seed=1).astype(np.float32)
    expected = distance(a.astype(np.float64), b.astype(np.float64))
    read_only = a.copy()
    read_only.flags.writeable = False

    assert distance(a, b) == expected
    assert distance(read_only, torch.from_numpy(b)) == expected
    assert distance(torch.from_numpy(a).requires_grad_(), torch.from_numpy(b).double()) == expected
    np.testing.assert_allclose(distance(np.asfortranarray(a), b[::-1][::-1]), expected, rtol=1e-9)


@pytest.mark.parametrize("distance", [fid, kid])
def test_nothing_is_written_into_the_arguments(distance: Distance) -> None:
    a, b = features(20, 6), torch.from_numpy(features(24, 6, seed=1))
    before = a.copy(), b.clone()

    distance(a, b)

    np.testing.assert_array_equal(a, before[0])
    assert torch.equal(b, before[1])


def test_ids_refuses_few_pictures() -> None:
    with pytest.raises(UsageError, match=r"at least 5000 pictures in both sets together; found 2N = 4998.*KID"):
        ids(features(2499, 2), features(2499, 2, seed=1))


def test_ids_needs_pairs() -> None:
    with pytest.raises(DataError, match="features_fake must have a row for each of the 10 true pictures; found 9"):
        ids(GOOD, GOOD[:9], allow_few=True)


def test_ids_is_what_scikit_learn_scores() -> None:
    real, fake = features(2500, 6), features(2500, 6, seed=1, shift=0.2)
    inputs, targets = np.concatenate([real, fake]), np.repeat([1, 0], 2500)
    machine = LinearSVC(dual=False).fit(inputs, targets)

    paired, unpaired = ids(real, fake)

    assert unpaired == pytest.approx(1 - machine.score(inputs, targets), abs=1e-12)
    assert paired == np.mean(machine.decision_function(fake) > machine.decision_function(real))
    assert 0 < paired < unpaired < 0.5
    assert [type(share) for share in (paired, unpaired)] == [float, float]
    assert (paired, unpaired) == ids(torch.from_numpy(real), fake)


def test_ids_of_one_distribution_is_near_a_half_and_of_far_ones_zero() -> None:
    real = features(2500, 4)

    same, far = ids(real, features(2500, 4, seed=1)), ids(real, real + 9)

    assert same == pytest.approx((0.5, 0.5), abs=0.05)
    assert far == (0, 0)


def test_ids_of_few_pictures_is_degenerate() -> None:
    """Why they are refused: with more features than pictures any two samples can be separated."""
    assert ids(features(50, 200), features(50, 200, seed=1), allow_few=True) == (0, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("rows", "others"), [(40, 50), (300, 40), (400, 300)])
def test_another_device_gives_the_same_values(rows: int, others: int) -> None:
    a, b = features(rows, 64), features(others, 64, seed=1, shift=0.1)
    there_a, there_b = (torch.from_numpy(x).cuda() for x in (a, b))

    assert fid(there_a, there_b) == pytest.approx(fid(a, b), rel=1e-6)
    assert kid(there_a, there_b) == pytest.approx(kid(a, b), rel=1e-9)
