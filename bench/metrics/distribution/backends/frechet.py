"""The Fréchet distance of two sets of features, in float64.

The trace of the square root of S_a S_b is the nuclear norm (the sum of the singular values) of M = F_a F_b^T for any
two factors with F^T F = S. Centred rows over sqrt(N - 1) are such a factor, and so is the triangle of their QR
decomposition, which has no more than D rows. So no covariance is formed, and no square root of a matrix: no imaginary
part can appear, and rank-deficient covariances (N <= D, dead features) lose no digits that matter.

Of many pictures the triangle is updated block by block, as the sequential form of Demmel et al., "Communication-optimal
parallel and sequential QR and LU factorizations" (2012). A column of ones in front of the rows takes their mean out:
what the triangle holds beside and below it is the mean, and the triangle of the centred rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.metrics.distribution.backends.feature_sets import (
    Floats,
    check_feature_sets,
    constant_features,
    infinite_features,
)

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["frechet_distance", "of_blocks", "of_draws", "of_sets"]

Rows: TypeAlias = npt.NDArray[np.intp]


def frechet_distance(features_a: Features, features_b: Features) -> float:
    """See `bench.metrics.fid`."""
    a, b = check_feature_sets(features_a, features_b)
    return max(_distance(a, b, by_eigenvalues=min(len(a), len(b)) >= a.shape[1]), 0.0)


def of_sets(real: FeatureArray, fake: FeatureArray) -> tuple[float, None]:
    """The same as a metric of sets; raises DataError for sets that have no distance."""
    return frechet_distance(real, fake), None


def of_draws(real: Floats, fake: Floats, draws: Sequence[Rows], **_: int) -> Floats:
    """The same of the rows of each draw, float64 [draws], unchecked and to about eight digits."""
    return np.array([_distance(real[rows], fake[rows], by_eigenvalues=True) for rows in draws])


def of_blocks(blocks: Iterable[tuple[FeatureArray, FeatureArray]]) -> tuple[float, None]:
    """The same of sets that are handed over in blocks of rows, [n, D] each: more than D pictures, of equal numbers.

    Within a relative 1e-9 of `frechet_distance` of all rows. Memory has the size of a block and of a D x D matrix.

    Raises:
        DataError: features are infinite or undefined, or the same in all rows of a set.
    """
    first, second = _RunningFactor("features_a"), _RunningFactor("features_b")
    for real, fake in blocks:
        first.add(real)
        second.add(fake)
    return max(_distance_of(first.moments(), second.moments(), by_eigenvalues=True), 0.0), None


@dataclass(frozen=True)
class _Moments:
    """Mean [D] and factor [min(N, D), D] of the covariance of a set, and N - 1."""

    mean: Floats
    factor: Floats
    degrees: int


class _RunningFactor:
    """The moments of rows that come in blocks.

    Args:
        name: of the set, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name, self._rows, self._constant = name, 0, True
        self._first = self._shift = np.empty(0)
        self._triangle = np.empty((0, 0))

    def add(self, features: FeatureArray) -> None:
        """Take in more rows [n, D]."""
        block = np.asarray(features, np.float64)
        if not np.isfinite(block).all():
            raise infinite_features(self._name, block)
        if not self._rows:
            self._first, self._shift = block[0], block.mean(axis=0)
            self._triangle = np.empty((0, block.shape[1] + 1))
        self._constant = self._constant and bool((block == self._first).all())
        ones = np.ones((len(block), 1))
        stacked = np.concatenate([self._triangle, np.concatenate([ones, block - self._shift], axis=1)])
        self._triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
        self._rows += len(block)

    def moments(self) -> _Moments:
        """Those of all rows so far; raises DataError for a set that has none."""
        if self._constant:
            raise constant_features(self._name, self._rows, self._first.size)
        mean = self._shift + self._triangle[0, 1:] / self._triangle[0, 0]
        return _Moments(mean, self._triangle[1:, 1:], self._rows - 1)


def _distance(a: Floats, b: Floats, *, by_eigenvalues: bool) -> float:
    return _distance_of(_moments(a), _moments(b), by_eigenvalues=by_eigenvalues)


def _moments(rows: Floats) -> _Moments:
    mean = rows.mean(axis=0)
    return _Moments(mean, _factor(rows - mean), len(rows) - 1)


def _distance_of(a: _Moments, b: _Moments, *, by_eigenvalues: bool) -> float:
    spread = np.vdot(a.factor, a.factor) / a.degrees + np.vdot(b.factor, b.factor) / b.degrees
    shared = _nuclear_norm(a.factor @ b.factor.T, by_eigenvalues) / math.sqrt(a.degrees * b.degrees)
    return float(np.square(a.mean - b.mean).sum() + spread - 2 * shared)


def _factor(centred: Floats) -> Floats:
    """F [min(N, D), D] with F^T F the covariance of centred rows [N, D], times N - 1."""
    rows, columns = centred.shape
    return centred if rows <= columns else np.asarray(np.linalg.qr(centred, mode="r"))


def _nuclear_norm(product: Floats, by_eigenvalues: bool) -> float:
    """Sum of singular values: themselves, or roots of eigenvalues of M M^T, which are faster.

    Eigenvalues of a symmetric matrix need a quarter of the memory traffic, which counts at D x D. A singular value of 0
    comes out as at most 1e-8 of the largest.
    """
    if not by_eigenvalues:
        return float(np.linalg.svd(product, compute_uv=False).sum())
    return float(np.sqrt(np.clip(np.linalg.eigvalsh(product @ product.T), 0, None)).sum())
