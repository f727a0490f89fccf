"""The percentile bootstrap of a mean, from counter-based random numbers.

Efron, "Bootstrap methods: another look at the jackknife" (1979), percentile interval; whole clusters are drawn as in
Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8. Reference implementation that a test
holds it to: `scipy.stats.bootstrap(method="percentile")`, within Monte-Carlo error.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from bench.errors import DataError, UsageError

__all__ = ["mean_interval"]

Floats = npt.NDArray[np.float64]


def mean_interval(
    values: npt.ArrayLike,
    clusters: Sequence[Hashable] | npt.NDArray[np.generic] | None = None,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean.

    The result depends on the values as a multiset: not on their order, nor on what the clusters are called. It is equal
    to the last bit on every machine and NumPy version, since only raw Philox words, integer arithmetic, sorting and
    additions in a fixed order are used. One value, or one cluster, gives an interval of width 0: there is nothing to
    resample.

    Args:
        values: finite numbers [N], N >= 1, in any order.
        clusters: what each value belongs to [N], e.g. its source picture; whole clusters are drawn. None: every value
            is its own cluster.
        level: coverage that is aimed at, between 0 and 1.
        draws: number of resamples.
        seed: key of the random stream, 0 or more.

    Returns:
        The lower and the upper end, in the unit of the values.

    Raises:
        DataError: no values, a value that is not finite, or not one cluster a value.
        UsageError: a level outside (0, 1), no draws or a negative seed.
    """
    _check_options(level, draws, seed)
    sums, sizes = _cluster_sums(_checked(values), clusters)
    means = np.sort(_resampled_means(sums, sizes, draws, seed))
    tail = min(round(draws * (1 - level) / 2), (draws - 1) // 2)
    return float(means[tail]), float(means[draws - 1 - tail])


def _resampled_means(sums: Floats, sizes: Floats, draws: int, seed: int) -> Floats:
    """Means [draws] over as many clusters as there are, drawn with replacement."""
    count = len(sums)
    stream = np.random.Philox(key=seed)
    total, size = np.zeros(draws), np.zeros(draws)
    for _ in range(count):  # one position of all resamples at a time: little memory, and one order of additions
        index = ((stream.random_raw(draws) >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)
        total += sums[index]
        size += sizes[index]
    return total / size


def _cluster_sums(
    values: Floats, clusters: Sequence[Hashable] | npt.NDArray[np.generic] | None
) -> tuple[Floats, Floats]:
    """Sum and size of every cluster, both float64 [G], in an order that depends on nothing else."""
    if clusters is None:
        return np.sort(values), np.ones(len(values))
    if len(clusters) != len(values):
        raise DataError(
            "the clusters", f"be as many as the {len(values)} values", str(len(clusters)), "Give one a value."
        )
    number = {cluster: index for index, cluster in enumerate(dict.fromkeys(clusters))}
    member = np.array([number[cluster] for cluster in clusters])
    ascending = np.argsort(values, kind="stable")  # additions in the order of the values, not of the caller
    sums: Floats = np.bincount(member[ascending], weights=values[ascending]).astype(np.float64)
    sizes = np.bincount(member).astype(np.float64)
    order = np.lexsort((sizes, sums))
    return sums[order], sizes[order]


def _checked(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise DataError(
            "values", "be a sequence of at least one number", f"shape {array.shape}", "Give per-image values."
        )
    if not np.isfinite(array).all():
        found = f"{np.count_nonzero(~np.isfinite(array))} infinite or undefined"
        raise DataError("values", "be finite", found, "Leave them out and count them.")
    return array


def _check_options(level: float, draws: int, seed: int) -> None:
    for name, must, value, fits in (
        ("level", "lie between 0 and 1", level, 0 < level < 1),
        ("draws", "be at least 1", draws, draws >= 1),
        ("seed", "be 0 or more", seed, seed >= 0),
    ):
        if not fits:
            raise UsageError(f"{name} of an interval", must, str(value), f"Give another {name}.")
