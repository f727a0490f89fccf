"""Kernel distances of two sets of features, in float64: unbiased MMD² of random subsets.

The subsets share pictures, so the spread of their values over the square root of their number is not the error of
anything: it shrinks to 0 with more subsets. What is wanted is how far KID would move with other pictures. The values of
subsets of m out of N pictures are the replicates of a delete-d jackknife (d = N - m; Shao and Wu, 1989, "A general
theory for jackknife variance estimation"), whose variance is m / (N - m) times theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["kernel_distance", "of_draws", "of_sets", "used_subset_size"]

Rows: TypeAlias = npt.NDArray[np.intp]

_LEAST = 4  # rows: two subsets that differ, of two rows each
_BLOCK = 512  # rows of a kernel matrix at a time


def kernel_distance(
    features_a: Features, features_b: Features, subsets: int, subset_size: int, seed: int
) -> tuple[float, float]:
    """See `bench.metrics.kid`."""
    _check_options(subsets, subset_size, seed)
    a, b = check_feature_sets(features_a, features_b, least=_LEAST)
    rows = min(len(a), len(b))
    size = used_subset_size(subset_size, rows)
    values = _estimates(a, b, *_draw(subsets, size, (len(a), len(b)), seed))
    variance = float(values.var(ddof=1)) * (size / (rows - size) + 1 / subsets)
    return float(values.mean()), math.sqrt(variance)


def of_sets(
    real: FeatureArray, fake: FeatureArray, *, subsets: int, subset_size: int, seed: int
) -> tuple[float, float]:
    """The same as a metric of sets: the value and its standard error; raises DataError for sets without a distance."""
    return kernel_distance(real, fake, subsets, subset_size, seed)


def of_draws(real: Floats, fake: Floats, draws: Sequence[Rows], **_: int) -> Floats:
    """Unbiased MMD² of all rows of each draw, the same rows of both sets: float64 [draws]."""
    members = _members(draws, len(real))
    return _unbiased(real, fake, members, members)


def used_subset_size(subset_size: int, rows: int) -> int:
    """Rows that a subset has, where the smaller of two sets has `rows`: half of them at most."""
    return min(subset_size, rows // 2)


def _draw(subsets: int, size: int, counts: tuple[int, int], seed: int) -> tuple[Rows, Rows]:
    """Distinct row numbers for both sets, [subsets, size] each: the first of a random order."""
    stream = np.random.Philox(key=seed)
    orders = [[np.argsort(stream.random_raw(n), kind="stable")[:size] for n in counts] for _ in range(subsets)]
    first, second = zip(*orders, strict=True)
    return np.stack(first), np.stack(second)


def _estimates(a: Floats, b: Floats, picks_a: Rows, picks_b: Rows) -> Floats:
    """Unbiased MMD² of every subset, float64 [subsets]: from one kernel matrix of all rows where that is less work."""
    if max(len(a), len(b)) ** 2 <= picks_a.shape[0] * picks_a.shape[1] ** 2:
        return _unbiased(a, b, _members(picks_a, len(a)), _members(picks_b, len(b)))
    all_rows = np.ones((1, picks_a.shape[1]))
    return np.concatenate([_unbiased(a[i], b[j], all_rows, all_rows) for i, j in zip(picks_a, picks_b, strict=True)])


def _members(picks: Sequence[Rows] | Rows, count: int) -> Floats:
    """Float64 [subsets, count]: 1 where a row is in a subset."""
    members = np.zeros((len(picks), count))
    for subset, rows in enumerate(picks):
        members[subset, rows] = 1
    return members


def _unbiased(a: Floats, b: Floats, in_a: Floats, in_b: Floats) -> Floats:
    """Unbiased MMD² (Gretton et al., 2012, equation 3) of subsets with members `in_a` and `in_b` [S, N]: [S]."""
    size = in_a.sum(axis=1)
    within = _pair_sums(a, a, in_a, in_a) - in_a @ _kernel(np.square(a).sum(axis=1), a.shape[1])
    within += _pair_sums(b, b, in_b, in_b) - in_b @ _kernel(np.square(b).sum(axis=1), b.shape[1])
    return np.asarray(within / (size * (size - 1)) - 2 * _pair_sums(a, b, in_a, in_b) / size**2)


def _pair_sums(x: Floats, y: Floats, in_x: Floats, in_y: Floats) -> Floats:
    """Sum of the kernel over all pairs of members of each subset: [S]."""
    total = np.zeros(len(in_x))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        total += ((in_x[:, rows] @ _kernel(x[rows] @ y.T, x.shape[1])) * in_y).sum(axis=1)
    return total


def _kernel(products: Floats, features: int) -> Floats:
    base = products / features + 1
    return base * base * base


def _check_options(subsets: int, subset_size: int, seed: int) -> None:
    for name, least, value in (("subsets", 2, subsets), ("subset_size", 2, subset_size), ("seed", 0, seed)):
        if value < least:
            raise UsageError(f"{name} of kid", f"be at least {least}", str(value), f"Give another {name}.")
