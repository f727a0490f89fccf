"""Paired differences of many columns at once: intervals, sign-flip tests, Wilcoxon tests, standard errors.

A column holds the differences of one metric between two models, one row a picture. Rows of one source picture are a
cluster: they are drawn, and change sign, together. Everything is seeded, and equal to the last bit on every machine
(see `clusters`); a column's result does not depend on the columns beside it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.statistics.clusters import ClusterSums, Floats

__all__ = ["cluster_intervals", "sign_flip_p", "standard_errors", "wilcoxon_p"]

_BLOCK = 1000  # resamples at a time, which bounds memory
_COLUMNS = 512
_EXACT = 14  # clusters up to which all patterns of signs are gone through: 2**13 of them, up to symmetry

_ENOUGH = 100  # extreme resamples after which a p-value is known well enough

_SHARP = 3.178
"""Constant of Bentkus and Dzindzalieta's bound, 1 / (4 P(Z >= sqrt(2))), rounded up."""


def cluster_intervals(
    columns: ClusterSums, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Bootstrap intervals of the means of all columns, from the same draws of whole clusters.

    The expanded percentile interval of Hesterberg, "What teachers should know about the bootstrap" (2015), section
    5.3: percentiles further out than the level says, by as much as Student's t with G - 1 degrees of freedom and the
    factor sqrt(G / (G - 1)) ask for. With thousands of clusters it is the percentile interval; with a dozen, where that
    one is too short, it covers as often as promised. A draw in which a column has no value is left out of it.

    Returns:
        Lower and upper ends, float64 [K] each; NaN for a column with fewer than two clusters that hold a value.

    Raises:
        UsageError: a level outside (0, 1), fewer than 100 draws, or a negative seed.
    """
    _check_options(level, draws, seed)
    low, high = np.full(columns.sums.shape[1], np.nan), np.full(columns.sums.shape[1], np.nan)
    used = columns.used()
    for start in range(0, columns.sums.shape[1], _COLUMNS):
        chunk = slice(start, start + _COLUMNS)
        means = _resampled_means(columns.sums[:, chunk], columns.sizes[:, chunk], draws, seed)
        for index, row in enumerate(means, start):
            if used[index] > 1:
                low[index], high[index] = _ends(row, _tail(level, int(used[index])))
    return low, high


def sign_flip_p(columns: ClusterSums, *, draws: int = 10_000, seed: int = 0) -> Floats:
    """Two-sided p-values [K] of "the mean difference is 0", by changing the signs of whole clusters.

    Up to 14 clusters all patterns of signs are counted. Beyond, `draws` random ones: p = (1 + as extreme) / (1 + draws)
    after Phipson and Smyth (2010); a column that has seen 100 extreme ones after some thousand draws is not drawn on,
    since its p is large and known to 10 % (Besag and Clifford 1991). Such a p cannot fall below 1 / (1 + draws), and so
    cannot survive a correction for thousands of tests. Where the bound of Bentkus and Dzindzalieta, "A tight Gaussian
    bound for weighted sums of Rademacher random variables" (2015), P(S >= t sd) <= 3.178 P(Z >= t), is smaller, it is
    the p-value: it is never below the exact one. A column without values, or with none but zeros, has p = 1.

    Raises:
        UsageError: fewer than 100 draws, or a negative seed.
    """
    _check_options(0.5, draws, seed)
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


def _check_options(level: float, draws: int, seed: int) -> None:
    for name, must, value, fits in (
        ("level", "lie between 0 and 1", level, 0 < level < 1),
        ("draws", "be at least 100", draws, draws >= 100),
        ("seed", "be 0 or more", seed, seed >= 0),
    ):
        if not fits:
            raise UsageError(f"{name} of a resampling", must, str(value), f"Give another {name}.")


def _resampled_means(sums: Floats, sizes: Floats, draws: int, seed: int) -> Floats:
    """Means [K, draws] over as many clusters as there are, drawn with replacement; NaN where none has a value."""
    means = np.empty((sums.shape[1], draws))
    alike = bool((sizes == sizes[:, :1]).all())
    sums, sizes = np.ascontiguousarray(sums), np.ascontiguousarray(sizes[:, :1] if alike else sizes)
    for block, times in enumerate(_draws(len(sums), draws, seed)):
        drawn = times.astype(np.float64)
        size = sizes.T @ drawn.T
        means[:, block * _BLOCK : block * _BLOCK + len(drawn)] = (sums.T @ drawn.T) / np.where(size > 0, size, np.nan)
    return means


@functools.lru_cache(maxsize=2)
def _draws(count: int, draws: int, seed: int) -> tuple[npt.NDArray[np.uint16], ...]:
    """How often each cluster is drawn: blocks of uint16 [up to 1000, count]."""
    stream = np.random.Philox(key=seed)
    blocks = []
    for start in range(0, draws, _BLOCK):
        rows = min(_BLOCK, draws - start)
        words = stream.random_raw(rows * count).reshape(rows, count)
        index = ((words >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)
        index += (np.arange(rows, dtype=np.uint64) * np.uint64(count))[:, None]
        times = np.bincount(index.ravel().astype(np.int64), minlength=rows * count)
        blocks.append(times.reshape(rows, count).astype(np.uint16))
    return tuple(blocks)


def _ends(means: Floats, tail: float) -> tuple[float, float]:
    kept = means[~np.isnan(means)]
    skip = min(round(len(kept) * tail), (len(kept) - 1) // 2)
    parted = np.partition(kept, (skip, len(kept) - 1 - skip))
    return float(parted[skip]), float(parted[len(kept) - 1 - skip])


def _tail(level: float, clusters: int) -> float:
    """Share of the draws beyond each end of the expanded percentile interval."""
    quantile = _student_quantile((1 + level) / 2, clusters - 1)
    return NormalDist().cdf(-quantile * math.sqrt(clusters / (clusters - 1)))


def _student_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5).

    Within 0.3 % of the exact one from 4 degrees of freedom on, too short below.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum((term / freedom**power for power, term in enumerate(terms)), 0.0)


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
