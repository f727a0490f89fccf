from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bench.errors import DataError, UsageError
from bench.metrics import definition, fid, kid, sliced_wasserstein
from bench.metrics.resampling import half_sample_spread

DIMENSION = 12
SIMULATIONS = 120
KID = definition("kid")


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The truth, a fill that stays near its picture, and a worse one that shares part of its errors."""
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(count, DIMENSION))
    error = rng.normal(size=(count, DIMENSION))
    good = real + 0.5 * error + 0.2
    bad = real + 0.5 * error + 0.4 * rng.normal(size=(count, DIMENSION)) + 0.4
    return real, good, bad


def distances(kind: str, real: np.ndarray, fake: np.ndarray) -> float:
    if kind == "sliced-wasserstein":
        return sliced_wasserstein(real, fake, directions=30)
    return fid(real, fake) if kind == "fid" else kid(real, fake, subsets=20, subset_size=len(real))[0]


@pytest.mark.parametrize("kind", ["fid", "kid", "sliced-wasserstein"])
def test_errors_are_those_over_simulated_pictures(kind: str) -> None:
    metric, values, errors = definition(kind), [], []
    if kind == "sliced-wasserstein":
        metric = dataclasses.replace(metric, options=(("directions", 30), ("seed", 0)))
    for seed in range(SIMULATIONS):
        real, good, bad = pictures(80, seed)
        spread = half_sample_spread(metric, real, [good, bad], range(80), draws=60, seed=seed)
        values.append(distances(kind, real, bad) - distances(kind, real, good))
        errors.append(float((spread[1] - spread[0]).std(ddof=1)))

    inside = np.abs(np.array(values) - np.mean(values)) < 1.96 * np.array(errors)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert 0.9 <= inside.mean() <= 0.99


@pytest.mark.parametrize("kind", ["fid", "kid"])
def test_what_models_share_cancels(kind: str) -> None:
    real, good, _ = pictures(60, 0)
    other = good + 1e-3 * np.random.default_rng(1).normal(size=good.shape)

    one, two = half_sample_spread(definition(kind), real, [good, other], range(60), draws=50)

    assert (two - one).std() < 0.05 * one.std()
    assert abs(one.mean()) < 1e-12


def test_fills_of_one_picture_are_drawn_together() -> None:
    real, good, _ = pictures(40, 0)
    twice = [np.repeat(one, 2, axis=0) for one in (real, good)]
    clusters = np.repeat(np.arange(40), 2).tolist()

    (single,) = half_sample_spread(definition("fid"), real, [good], range(40), draws=100)
    (double,) = half_sample_spread(definition("fid"), twice[0], [twice[1]], clusters, draws=100)

    assert double.std() == pytest.approx(single.std(), rel=0.35)


def test_the_same_seed_gives_the_same_draws() -> None:
    real, good, _ = pictures(30, 0)

    first, again, other = (half_sample_spread(KID, real, [good], range(30), draws=10, seed=s) for s in (0, 0, 1))

    assert first.tolist() == again.tolist() != other.tolist()


def test_draws_are_the_metric_itself_on_half_of_the_pictures() -> None:
    real, good, _ = pictures(40, 0)
    spread = half_sample_spread(definition("fid"), real, [good], range(40), draws=5)
    stream = np.random.Philox(key=0)
    picks = [np.sort(np.argsort(stream.random_raw(40), kind="stable")[:20]) for _ in range(5)]

    values = np.array([fid(real[rows], good[rows]) for rows in picks])

    assert spread[0] == pytest.approx(values - values.mean(), rel=1e-7)


def test_what_cannot_be_drawn_is_refused() -> None:
    real, good, _ = pictures(20, 0)

    with pytest.raises(DataError, match="same pictures"):
        half_sample_spread(definition("fid"), real, [good[:10]], range(20))
    with pytest.raises(DataError, match="same pictures"):
        half_sample_spread(definition("fid"), real, [good], range(10))
    with pytest.raises(DataError, match="at least 8 source pictures"):
        half_sample_spread(definition("fid"), real, [good], [0] * 20)
    with pytest.raises(UsageError, match="at least 2"):
        half_sample_spread(definition("fid"), real, [good], range(20), draws=1)
