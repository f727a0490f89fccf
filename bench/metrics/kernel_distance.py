"""KID from stored features (Binkowski et al., 2018, "Demystifying MMD GANs"), with an honest standard error.

Reference: `poly_mmd` of torchmetrics on every subset; held to a relative 1e-9.

The subsets share pictures, so the spread of their values over the square root of their number is not the error of
anything: it shrinks to 0 with more subsets. What is wanted is how far KID would move with other pictures. The values of
subsets of m out of N pictures are the replicates of a delete-d jackknife (d = N - m; Shao and Wu, 1989, "A general
theory for jackknife variance estimation"), whose variance is m / (N - m) times theirs.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from bench.errors import UsageError
from bench.metrics.features import Features, check_feature_sets

__all__ = ["kid", "used_subset_size"]

_LEAST = 4  # rows: two subsets that differ, of two rows each
_ROWS = 512  # of a kernel matrix at a time


def kid(
    features_a: Features, features_b: Features, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Kernel inception distance: unbiased MMD² under the kernel (x·y / D + 1)³, mean over random subsets.

    Unbiased: the expectation does not depend on N or the subset's size, and is 0 for samples of one distribution, so a
    value may be negative. Subsets are drawn without replacement from raw words of Philox, the same on every machine.
    They hold at most half of the smaller set, or they would hardly differ: a larger `subset_size` is reduced to that
    (see `used_subset_size`).

    Args:
        features_a: float [N, D], a tensor or an array, N >= 4; one row a picture. Which rows make a subset depends on
            their order: sort them by sample id.
        features_b: float [M, D], M >= 4, on the same device.
        subsets: number of subsets, at least 2.
        subset_size: rows of either set in a subset, at least 2.
        seed: key of the random stream, 0 or more.

    Returns:
        The value, and its standard error: of the pictures as well as of the subsets drawn (a delete-d jackknife; for
        samples of one distribution, where KID is near 0, it is too large by a factor of up to about sqrt(N / m + 1)).

    Raises:
        DataError: an argument is not what it must be, or holds constant features.
        UsageError: fewer than 2 subsets, a subset of fewer than 2 rows, a negative seed.
    """
    _check_options(subsets, subset_size, seed)
    a, b = check_feature_sets(features_a, features_b, least=_LEAST)
    rows = min(len(a), len(b))
    size = used_subset_size(subset_size, rows)
    picks = _draw(subsets, size, (len(a), len(b)), seed)
    values = _estimates(a, b, *(indices.to(a.device) for indices in picks))
    variance = float(values.var()) * (size / (rows - size) + 1 / subsets)
    return float(values.mean()), math.sqrt(variance)


def used_subset_size(subset_size: int, rows: int) -> int:
    """Rows that a subset has, where the smaller of two sets has `rows`: half of them at most."""
    return min(subset_size, rows // 2)


def _draw(subsets: int, size: int, counts: tuple[int, int], seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Distinct row numbers for both sets, int64 [subsets, size] each: the first of a random order."""
    stream = np.random.Philox(key=seed)
    orders = [[np.argsort(stream.random_raw(n), kind="stable")[:size] for n in counts] for _ in range(subsets)]
    first, second = zip(*orders, strict=True)
    return torch.from_numpy(np.stack(first)), torch.from_numpy(np.stack(second))


def _estimates(a: torch.Tensor, b: torch.Tensor, picks_a: torch.Tensor, picks_b: torch.Tensor) -> torch.Tensor:
    """Unbiased MMD² of every subset, float64 [subsets]: from one kernel matrix of all rows where that is less work."""
    if max(len(a), len(b)) ** 2 <= picks_a.shape[0] * picks_a.shape[1] ** 2:
        return _unbiased(a, b, _members(picks_a, len(a)), _members(picks_b, len(b)))
    all_rows = a.new_ones(1, picks_a.shape[1])
    return torch.cat([_unbiased(a[i], b[j], all_rows, all_rows) for i, j in zip(picks_a, picks_b, strict=True)])


def _members(picks: torch.Tensor, count: int) -> torch.Tensor:
    """Float64 [subsets, count]: 1 where a row is in a subset."""
    return torch.zeros(len(picks), count, dtype=torch.float64, device=picks.device).scatter_(1, picks, 1)


def _unbiased(a: torch.Tensor, b: torch.Tensor, in_a: torch.Tensor, in_b: torch.Tensor) -> torch.Tensor:
    """Unbiased MMD² (Gretton et al., 2012, equation 3) of subsets with members `in_a` and `in_b` [S, N]: [S]."""
    size = in_a.sum(dim=1)
    within = _pair_sums(a, a, in_a, in_a) - in_a @ _kernel(a.square().sum(dim=1), a.shape[1])
    within += _pair_sums(b, b, in_b, in_b) - in_b @ _kernel(b.square().sum(dim=1), b.shape[1])
    return within / (size * (size - 1)) - 2 * _pair_sums(a, b, in_a, in_b) / size**2


def _pair_sums(x: torch.Tensor, y: torch.Tensor, in_x: torch.Tensor, in_y: torch.Tensor) -> torch.Tensor:
    """Sum of the kernel over all pairs of members of each subset: [S]."""
    total = x.new_zeros(len(in_x))
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        total += ((in_x[:, rows] @ _kernel(x[rows] @ y.T, x.shape[1])) * in_y).sum(dim=1)
    return total


def _kernel(products: torch.Tensor, features: int) -> torch.Tensor:
    base = products / features + 1
    return base * base * base


def _check_options(subsets: int, subset_size: int, seed: int) -> None:
    for name, least, value in (("subsets", 2, subsets), ("subset_size", 2, subset_size), ("seed", 0, seed)):
        if value < least:
            raise UsageError(f"{name} of kid", f"be at least {least}", str(value), f"Give another {name}.")
