"""FID from stored features (Heusel et al., 2017, "GANs trained by a two time-scale update rule", equation 6).

Reference: the formula with `scipy.linalg.sqrtm` in float64, and torchmetrics' FID of the same means and covariances;
held to a relative 1e-6.

The trace of the square root of S_a S_b is the nuclear norm (the sum of the singular values) of M = F_a F_b^T for any
two factors with F^T F = S. Centred rows over sqrt(N - 1) are such a factor, and so is the triangle of their QR
decomposition, which has no more than D rows. So no covariance is formed, and no square root of a matrix: no imaginary
part can appear, and rank-deficient covariances (N <= D, dead features) lose no digits that matter.
"""

from __future__ import annotations

import math

import torch

from bench.metrics.features import Features, check_feature_sets

__all__ = ["fid"]


def fid(features_a: Features, features_b: Features) -> float:
    """Fréchet distance between Gaussians fitted to two sets of features, exact in float64; covariances with N - 1.

    Symmetric, at least 0, and 0 for equal sets within rounding. It is biased upwards, the more the fewer pictures: two
    samples of one distribution are far from 0 apart until N is many times D. Values at different N are different
    numbers, so print N beside it.

    Args:
        features_a: float [N, D], a tensor or an array, N >= 2; one row a picture, in any order.
        features_b: float [M, D], M >= 2, on the same device.

    Returns:
        The squared distance |mean_a - mean_b|² + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), in squared units of the features.

    Raises:
        DataError: an argument is not what it must be, or holds constant features.
    """
    a, b = check_feature_sets(features_a, features_b)
    mean_a, mean_b = a.mean(dim=0), b.mean(dim=0)
    factor_a, factor_b = _factor(a - mean_a), _factor(b - mean_b)
    spread = factor_a.square().sum() + factor_b.square().sum()
    squared = (mean_a - mean_b).square().sum() + spread - 2 * _nuclear_norm(factor_a @ factor_b.T, a.shape[1])
    return max(float(squared), 0.0)


def _factor(centred: torch.Tensor) -> torch.Tensor:
    """F [min(N, D), D] with F^T F the covariance of centred rows [N, D]."""
    rows, columns = centred.shape
    factor = centred if rows <= columns else torch.linalg.qr(centred, mode="r").R
    return factor / math.sqrt(rows - 1)


def _nuclear_norm(product: torch.Tensor, features: int) -> torch.Tensor:
    """Sum of singular values: themselves where a factor has fewer than D rows, else roots of eigenvalues of M M^T.

    Eigenvalues of a symmetric matrix need a quarter of the memory traffic, which counts at D x D. A singular value of 0
    comes out as at most 1e-8 of the largest.
    """
    if min(product.shape) < features:
        singular: torch.Tensor = torch.linalg.svdvals(product)
    else:
        singular = torch.linalg.eigvalsh(product @ product.T).clamp(min=0).sqrt()
    return singular.sum()
