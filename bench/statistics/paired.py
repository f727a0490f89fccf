"""Tests of the means of many columns at once: sign-flip tests, Wilcoxon tests, standard errors.

A column holds the differences of one metric between two models, one row a picture. Rows of one source picture are a
cluster: they are drawn, and change sign, together. Everything is seeded, and equal to the last bit on every machine
(see `clusters`); a column's result does not depend on the columns beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from bench.statistics.clusters import ClusterSums, Floats, grouped
from bench.statistics.intervals import check_resampling

__all__ = ["sign_flip_p", "standard_errors", "wilcoxon_p"]

_EXACT = 16  # clusters up to which all patterns of signs are gone through: 2**15 of them, up to symmetry

_BLOCK = 1000
"""Resamples at a time; p-values depend on it, since the drawing ends after a block."""

_ENOUGH = 100  # extreme resamples after which a p-value is known well enough

_SHARP = 3.178
"""Constant of Bentkus and Dzindzalieta's bound, 1 / (4 P(Z >= sqrt(2))), rounded up."""


def sign_flip_p(columns: ClusterSums, *, draws: int = 10_000, seed: int = 0) -> Floats:
    """Two-sided p-values [K] of "the mean difference is 0", by changing the signs of whole clusters.

    Up to 16 clusters all patterns of signs are counted. Beyond, `draws` random ones: p = (1 + as extreme) / (1 + draws)
    after Phipson and Smyth (2010); a column that has seen 100 extreme ones after some thousand draws is not drawn on,
    since its p is large and known to 10 % (Besag and Clifford 1991). Such a p cannot fall below 1 / (1 + draws), and so
    cannot survive a correction for thousands of tests. Where the bound of Bentkus and Dzindzalieta, "A tight Gaussian
    bound for weighted sums of Rademacher random variables" (2015), P(S >= t sd) <= 3.178 P(Z >= t), is smaller, it is
    the p-value: it is never below the exact one. Of more than `MOST_CLUSTERS` clusters, groups change sign together. A
    column without values, or with none but zeros, has p = 1.

    Raises:
        UsageError: fewer than 100 draws, or a negative seed.
    """
    check_resampling(0.5, draws, seed)
    columns = grouped(columns)
    observed = np.abs(columns.sums.sum(axis=0))
    if columns.count <= _EXACT:
        signs = _all_signs(columns.count)
        return np.asarray((np.abs(signs @ columns.sums) >= observed).sum(axis=0) / len(signs))
    bound = _tail_bound(columns.sums, observed)
    p, extreme, drawn = bound.copy(), np.zeros(len(bound), dtype=np.int64), 0
    open_ = bound > 1 / (1 + draws)  # elsewhere the bound is below what any number of extreme draws could give
    for signs in _random_signs(columns.count, draws, seed):
        if not open_.any():
            break
        sums = np.abs(signs @ np.ascontiguousarray(columns.sums[:, open_]))
        extreme[open_] += (sums >= observed[open_]).sum(axis=0)
        drawn += len(signs)
        p[open_] = np.minimum(bound[open_], (1 + extreme[open_]) / (1 + drawn))
        open_ &= extreme < _ENOUGH
    return p


def standard_errors(columns: ClusterSums) -> Floats:
    """Cluster-robust standard errors [K] of the means; NaN with fewer than two clusters that hold a value."""
    used, total = columns.used(), columns.sizes.sum(axis=0)
    residuals = columns.sums - columns.sizes * np.where(total > 0, columns.means(), 0.0)
    squares = (residuals**2).sum(axis=0) * used / np.maximum(used - 1, 1)
    return np.where(used > 1, np.sqrt(squares) / np.maximum(total, 1), np.nan)


def wilcoxon_p(columns: ClusterSums) -> Floats:
    """Two-sided p-values [K] of Wilcoxon's signed-rank test on the means of the clusters, by SciPy.

    Zero differences are ranked and then dropped (Pratt 1959). For heavy tails, where a mean tells little. A column
    without values, or with none but zeros, has p = 1.
    """
    from scipy import stats

    p = np.ones(columns.sums.shape[1])
    for index in range(len(p)):
        held = columns.sizes[:, index] > 0
        means = columns.sums[held, index] / columns.sizes[held, index]
        if means.any():
            p[index] = stats.wilcoxon(means, zero_method="pratt").pvalue
    return p


def _all_signs(count: int) -> Floats:
    """All patterns of signs with the first one +, float64 [2**(count - 1), count]."""
    patterns = np.arange(2 ** (count - 1))[:, None] >> np.arange(count)
    return np.asarray(1.0 - 2.0 * (patterns & 1)[:, ::-1])


def _random_signs(count: int, draws: int, seed: int) -> Iterator[Floats]:
    """Random signs, float64 [up to 1000, count] at a time: the bits of Philox words, lowest first."""
    stream = np.random.Philox(key=seed)
    words = -(-count // 64)
    for start in range(0, draws, _BLOCK):
        rows = min(_BLOCK, draws - start)
        raw = stream.random_raw(rows * words).astype("<u8").view(np.uint8).reshape(rows, words * 8)
        bits = np.unpackbits(raw, axis=1, count=count, bitorder="little")
        yield 1.0 - 2.0 * bits.astype(np.float64)


def _tail_bound(sums: Floats, observed: Floats) -> Floats:
    scale = np.sqrt((sums**2).sum(axis=0))
    t = observed / np.where(scale > 0, scale, 1.0)
    return np.array([min(1.0, _SHARP * math.erfc(value / math.sqrt(2))) for value in t])
