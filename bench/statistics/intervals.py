"""The 95 % interval of a mean, the one that records, tables, comparisons and the gate show.

The expanded percentile bootstrap of Hesterberg, "What teachers should know about the bootstrap" (2015), section 5.3,
drawing whole clusters as in Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
Reference implementation that a test holds the percentiles to: `scipy.stats.bootstrap(method="percentile")`, within
Monte-Carlo error. docs/explanation/statistics.md has its coverage.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.statistics.clusters import ClusterSums, Floats, grouped

__all__ = ["INTERVAL", "check_resampling", "cluster_intervals"]

INTERVAL = "percentile bootstrap, clustered by picture, expanded"
"""What records and tables call the interval."""

_BLOCK = 250
"""Resamples at a time, which bounds memory."""

_COLUMNS = 512


def cluster_intervals(
    columns: ClusterSums, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Bootstrap intervals of the means of all columns.

    Percentiles further out than the level says, by as much as Student's t with G - 1 degrees of freedom and the factor
    sqrt(G / (G - 1)) ask for, where G is the number of clusters in which a column has a value. With thousands of
    clusters that is the percentile interval; with a dozen, where the percentile interval is too short, it covers as
    often as promised. Of more than `MOST_CLUSTERS` clusters, G are the groups that are drawn: see `grouped`.

    An interval depends on the column's own values and on which of them share a cluster, and on nothing else: not on the
    order of the rows, the names of the clusters, the columns beside it, or clusters without a value. It is equal to the
    last bit on every machine and NumPy version.

    Returns:
        Lower and upper ends, float64 [K] each; NaN for a column with fewer than two clusters that hold a value.

    Raises:
        UsageError: a level outside (0, 1), fewer than 100 draws, or a negative seed.
    """
    check_resampling(level, draws, seed)
    used = columns.used()
    low, high = np.full(len(used), np.nan), np.full(len(used), np.nan)
    for count in np.unique(used[used > 1]).tolist():
        of_count = np.flatnonzero(used == count)
        for start in range(0, len(of_count), _COLUMNS):
            chunk = of_count[start : start + _COLUMNS]
            packed = grouped(ClusterSums(*_packed(columns, chunk, count)))
            means = _resampled_means(packed.sums, packed.sizes, draws, seed)
            low[chunk], high[chunk] = _ends(means, _tail(level, packed.count))
    return low, high


def check_resampling(level: float, draws: int, seed: int) -> None:
    """Raises UsageError unless level, number of draws and seed are usable."""
    for name, must, value, fits in (
        ("level", "lie between 0 and 1", level, 0 < level < 1),
        ("draws", "be at least 100", draws, draws >= 100),
        ("seed", "be 0 or more", seed, seed >= 0),
    ):
        if not fits:
            raise UsageError(f"{name} of a resampling", must, str(value), f"Give another {name}.")


def _packed(columns: ClusterSums, chosen: npt.NDArray[np.intp], count: int) -> tuple[Floats, Floats]:
    """Sums and sizes [count, k] of the clusters that hold a value, ordered by size, then sum, in each column."""
    sums, sizes = columns.sums[:, chosen], columns.sizes[:, chosen]
    order = np.lexsort((sums, np.where(sizes > 0, sizes, np.inf)), axis=0)[:count]
    return np.take_along_axis(sums, order, axis=0), np.take_along_axis(sizes, order, axis=0)


def _resampled_means(sums: Floats, sizes: Floats, draws: int, seed: int) -> Floats:
    """Means [K, draws] over as many clusters as there are, drawn with replacement."""
    columns = sums.shape[1]
    means = np.empty((columns, draws))
    alike = bool((sizes == sizes[:, :1]).all())
    both = np.ascontiguousarray(np.concatenate([sums, sizes[:, :1] if alike else sizes], axis=1).T)
    for block, times in enumerate(_draws(len(sums), draws, seed)):
        found = both @ times.astype(np.float64).T  # one product, since threads of BLAS wait for one another in each
        means[:, block * _BLOCK : block * _BLOCK + len(times)] = found[:columns] / found[columns:]
    return means


@functools.lru_cache(maxsize=2)
def _draws(count: int, draws: int, seed: int) -> tuple[npt.NDArray[np.uint16], ...]:
    """How often each cluster is drawn: blocks of uint16 [up to 250, count]."""
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


def _ends(means: Floats, tail: float) -> tuple[Floats, Floats]:
    """The means of each row [K, draws] that leave the share `tail` of its draws beyond each end."""
    draws = means.shape[1]
    skip = min(round(draws * tail), (draws - 1) // 2)
    parted = np.partition(means, (skip, draws - 1 - skip), axis=1)
    return parted[:, skip], parted[:, draws - 1 - skip]


def _tail(level: float, clusters: int) -> float:
    """Share of the draws beyond each end of the expanded percentile interval."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(clusters - 1, (1 + level) / 2))
    return NormalDist().cdf(-quantile * math.sqrt(clusters / (clusters - 1)))
