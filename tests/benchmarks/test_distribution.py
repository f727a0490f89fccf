from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.linalg
import torch
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from bench.metrics import fid, kid, ms_ssim, ssim

Benchmark = Callable[..., Any]
Features = npt.NDArray[np.float64]
Pair = tuple[Features, Features]

SIZE = 2048
FEW = "fid (N = 500, D = 2048)"


def features(count: int, seed: int) -> Features:
    """Like pool3 of Inception: correlated, falling spectrum, no negative numbers."""
    mix = np.linalg.qr(np.random.default_rng(99).normal(size=(SIZE, SIZE)))[0] * np.geomspace(1, 1e-3, SIZE)[:, None]
    return np.maximum(np.random.default_rng(seed).normal(size=(count, SIZE)) @ mix + 0.1, 0)


@pytest.fixture(scope="module")
def few() -> Pair:
    return features(500, 0), features(500, 1)


@pytest.fixture(scope="module")
def many() -> Pair:
    return features(10_000, 0), features(10_000, 1)


def by_square_root(a: Features, b: Features) -> float:
    covariances = [np.cov(x, rowvar=False) for x in (a, b)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(covariances[0] + covariances[1] - 2 * root.real))


def by_torchmetrics(a: Features, b: Features) -> float:
    moments = [m for x in (a, b) for m in (torch.from_numpy(x.mean(axis=0)), torch.from_numpy(np.cov(x, rowvar=False)))]
    return float(_compute_fid(*moments))


def seconds_and_value(function: Benchmark, *arguments: Any) -> tuple[float, float]:
    start = time.perf_counter()
    value = function(*arguments)
    return time.perf_counter() - start, value


@pytest.mark.benchmark(group=FEW)
@pytest.mark.parametrize("peer", [by_square_root, by_torchmetrics])
def test_fid_beats_peers_at_few_pictures(benchmark: Any, few: Pair, peer: Benchmark) -> None:
    fid(*few)  # warms up
    theirs, expected = seconds_and_value(peer, *few)

    found = benchmark.pedantic(fid, few, rounds=9)

    faster = theirs / benchmark.stats.stats.median
    benchmark.extra_info["times_faster"] = round(faster)
    benchmark.extra_info["peer_seconds"] = round(theirs, 2)
    assert found == pytest.approx(expected, rel=1e-6)
    if peer is by_square_root:
        assert faster >= 100, f"{faster:.0f} times as fast"


@pytest.mark.benchmark(group="fid (N = 10000, D = 2048)")
def test_fid_of_many_pictures(benchmark: Any, many: Pair) -> None:
    assert benchmark.pedantic(fid, many, rounds=1) > 0


def kid_of_a_tenth_by_torchmetrics(a: Features, b: Features) -> tuple[float, float]:
    """Ten subsets of the hundred."""
    picks = torch.stack([torch.randperm(len(a))[:1000] for _ in range(20)]).reshape(10, 2, 1000)
    values = [poly_mmd(torch.from_numpy(a)[i], torch.from_numpy(b)[j]) for i, j in picks]
    return float(torch.stack(values).mean()), float(torch.stack(values).std())


@pytest.mark.benchmark(group="kid (N = 2000, D = 2048, 100 subsets of 1000)")
@pytest.mark.parametrize("function", [kid, kid_of_a_tenth_by_torchmetrics])
def test_kid(benchmark: Any, many: Pair, function: Benchmark) -> None:
    value, error = benchmark.pedantic(function, [x[:2000] for x in many], rounds=1)

    assert abs(value) < 1
    assert error > 0


@pytest.mark.benchmark(group="ms-ssim-256 (8 images)")
@pytest.mark.parametrize("function", [ms_ssim, ssim])
def test_ms_ssim_costs_little_more_than_ssim(benchmark: Benchmark, function: Benchmark) -> None:
    random = np.random.default_rng(0)
    pictures = torch.from_numpy(random.integers(0, 256, (2, 8, 3, 256, 256), np.uint8))

    assert benchmark(function, *pictures).shape == (8,)
