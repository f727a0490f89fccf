"""The Fréchet distance of two sets of features, in float64.

The trace of the square root of S_a S_b is the nuclear norm (the sum of the singular values) of M = F_a F_b^T for any
two factors with F^T F = S. Centred rows over sqrt(N - 1) are such a factor, and so is the triangle of their QR
decomposition, which has no more than D rows. So no covariance is formed, and no square root of a matrix: no imaginary
part can appear, and rank-deficient covariances (N <= D, dead features) lose no digits that matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["frechet_distance", "of_draws", "of_sets"]

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


def _distance(a: Floats, b: Floats, *, by_eigenvalues: bool) -> float:
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    factor_a, factor_b = _factor(a - mean_a), _factor(b - mean_b)
    degrees_a, degrees_b = len(a) - 1, len(b) - 1
    spread = np.vdot(factor_a, factor_a) / degrees_a + np.vdot(factor_b, factor_b) / degrees_b
    shared = _nuclear_norm(factor_a @ factor_b.T, by_eigenvalues) / math.sqrt(degrees_a * degrees_b)
    return float(np.square(mean_a - mean_b).sum() + spread - 2 * shared)


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
