"""The sliced Wasserstein distance of two sets of features, in float64.

Along a line the cheapest way to move one set onto the other keeps their order, so projections are sorted. What both
sets share, such as a large mean, is taken away before they are projected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bench.errors import UsageError
from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["of_draws", "of_sets", "sliced_distance", "unit_directions"]

Rows: TypeAlias = npt.NDArray[np.intp]

_SCALE = 3.0
_NUMBERS = 1 << 22
"""Projections at a time."""


def sliced_distance(features_a: Features, features_b: Features, directions: int, seed: int) -> float:
    """See `bench.metrics.sliced_wasserstein`."""
    for name, least, value in (("directions", 1, directions), ("seed", 0, seed)):
        if value < least:
            fix = f"Give another {name}."
            raise UsageError(f"{name} of sliced_wasserstein", f"be at least {least}", str(value), fix)
    a, b = check_feature_sets(features_a, features_b)
    return float(_distances(a, b, [(np.arange(len(a)), np.arange(len(b)))], directions, seed)[0])


def of_sets(real: FeatureArray, fake: FeatureArray, *, directions: int, seed: int) -> tuple[float, None]:
    """The same as a metric of sets; raises DataError for sets that have no distance."""
    return sliced_distance(real, fake, directions, seed), None


def of_draws(real: Floats, fake: Floats, draws: Sequence[Rows], *, directions: int, seed: int) -> Floats:
    """The same of the rows of each draw, float64 [draws], unchecked: all features are projected once."""
    return _distances(real, fake, [(rows, rows) for rows in draws], directions, seed)


def unit_directions(count: int, size: int, seed: int) -> Floats:
    """Directions that are uniform on the sphere, from raw words of Philox: float64 [count, size], rows of length 1."""
    return _directions(count, size, seed).copy()


@lru_cache(maxsize=2)
def _directions(count: int, size: int, seed: int) -> Floats:
    words = np.random.Philox(key=seed).random_raw(count * size) >> np.uint64(11)
    normal = ndtri((words + 0.5) * 2.0**-53).reshape(count, size)
    directions: Floats = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return directions


def _distances(a: Floats, b: Floats, draws: Sequence[tuple[Rows, Rows]], directions: int, seed: int) -> Floats:
    """Of the rows of both sets in each draw, float64 [draws]."""
    middle = a.mean(axis=0)
    centred = a - middle, b - middle
    totals = np.zeros(len(draws))
    for some in _parts(_directions(directions, a.shape[1], seed), len(a) + len(b)):
        x, y = (some @ one.T for one in centred)  # [directions, rows]
        for number, (rows_a, rows_b) in enumerate(draws):
            totals[number] += _squared_along(np.sort(x[:, rows_a]), np.sort(y[:, rows_b])).sum()
    scaled: Floats = totals * (_SCALE * a.shape[1] / directions)
    return scaled


def _parts(directions: Floats, rows: int) -> Iterator[Floats]:
    step = max(1, _NUMBERS // rows)
    return (directions[start : start + step] for start in range(0, len(directions), step))


def _squared_along(x: Floats, y: Floats) -> Floats:
    """Squared Wasserstein-2 distance of sorted values [L, N] and [L, M]: [L]."""
    n, m = x.shape[1], y.shape[1]
    if n == m:
        return np.asarray(np.square(x - y).mean(axis=1))
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # where either quantile function steps, * n m
    shares = np.diff(ends, prepend=0) / (n * m)
    return np.asarray(np.square(x[:, (ends - 1) // m] - y[:, (ends - 1) // n]) @ shares)
