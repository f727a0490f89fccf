from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.fid import _compute_fid

from bench.errors import DataError
from bench.metrics import fid
from bench.metrics.distribution.backends.frechet import of_blocks
from tests.metrics.distribution.made_features import Floats, features


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


@pytest.mark.parametrize("rows", [7, 25, 130])
def test_fid_of_blocks_is_that_of_all_features_at_once(rows: int) -> None:
    a, b = features(200, 24) + 100, features(200, 24, seed=1, shift=0.1) + 100  # a mean that is large beside the spread
    blocks = [(a[start : start + rows], b[start : start + rows]) for start in range(0, 200, rows)]
    moments = [m for x in (a, b) for m in (torch.from_numpy(x.mean(0)), torch.from_numpy(np.cov(x, rowvar=False)))]

    found, error = of_blocks(blocks)

    assert error is None
    assert found == pytest.approx(fid(a, b), rel=1e-9)
    assert found == pytest.approx(fid_by_square_root(a, b), rel=1e-6)
    assert found == pytest.approx(float(_compute_fid(*moments)), rel=1e-6)
    assert of_blocks(blocks) == (found, None)
    a[:, 5] = 3  # a dead feature
    assert of_blocks(blocks)[0] == pytest.approx(fid(a, b), rel=1e-9)


def test_blocks_that_have_no_fid_are_refused_as_all_features_are() -> None:
    a, b = features(40, 8), features(40, 8, seed=1)
    for bad in (np.where(b == b[30, 2], np.nan, b), np.repeat(b[:1], 40, axis=0)):
        with pytest.raises(DataError) as of_all:
            fid(a, bad)
        with pytest.raises(DataError) as refused:
            of_blocks((a[start : start + 40], bad[start : start + 40]) for start in (0,))
        assert str(refused.value) == str(of_all.value)


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
