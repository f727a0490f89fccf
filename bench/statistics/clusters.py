"""Sums by cluster of many columns at once, on a grid on which every later sum is exact.

A resampled mean is a product of a matrix of small whole numbers (how often a cluster was drawn, or its sign) with the
sums of the clusters. Libraries add up such products in an order of their own. Here the sums are first rounded to
multiples of a power of two, so coarse that no sum of them needs more than the 53 bits of a float64: whatever the order,
the result is the same to the last bit, and ties between resamples are ties. For a thousand clusters the rounding moves
a value by less than 2**-40 of the largest one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import DataError

__all__ = ["MOST_CLUSTERS", "ClusterSums", "Clusters", "Floats", "cluster_sums", "grouped"]

Floats = npt.NDArray[np.float64]
Clusters = Sequence[Hashable] | npt.NDArray[np.generic] | None

MOST_CLUSTERS = 8192
"""Of more clusters than these, resampling draws groups: the standard error over 8192 groups is known to 0.8 %."""

_SMALLEST = -1074  # exponent of the smallest float64 above 0: every number is a multiple of it


@dataclass(frozen=True)
class ClusterSums:
    """K columns summed over G clusters.

    Attributes:
        sums: float64 [G, K], on a grid of its own for each column.
        sizes: float64 [G, K], how many values each sum holds.
    """

    sums: Floats
    sizes: Floats

    @property
    def count(self) -> int:
        """Clusters, with or without a value."""
        return len(self.sums)

    def means(self) -> Floats:
        """Means [K] over all values, NaN without any."""
        total = self.sizes.sum(axis=0)
        return np.where(total > 0, self.sums.sum(axis=0) / np.maximum(total, 1), np.nan)

    def used(self) -> npt.NDArray[np.int64]:
        """Clusters [K] that hold a value."""
        return np.asarray(np.count_nonzero(self.sizes, axis=0), dtype=np.int64)


def cluster_sums(values: npt.ArrayLike, clusters: Clusters = None) -> ClusterSums:
    """Sum the columns of `values` by cluster.

    Args:
        values: float [N] or [N, K]; NaN means that the column has no value there.
        clusters: what each row belongs to [N], e.g. its source picture. None: every row is its own cluster.

    Raises:
        DataError: no rows, an infinite value, or not one cluster a row.
    """
    columns = _columns(values)
    present = ~np.isnan(columns)
    filled = np.where(present, columns, 0.0)
    sizes = present.astype(np.float64)
    if clusters is not None:
        member = _numbered(clusters, len(columns))
        if len(columns) > member.max() + 1:
            filled, sizes = _added(filled, member), _added(sizes, member)
    return ClusterSums(_on_grid(filled, np.count_nonzero(sizes, axis=0)), sizes)


def _columns(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    columns = array[:, None] if array.ndim == 1 else array
    if columns.ndim != 2 or not len(columns):
        raise DataError("values", "be at least one row of numbers", f"shape {array.shape}", "Give per-image values.")
    if np.isinf(columns).any():
        raise DataError("values", "be finite, or NaN where there is none", "an infinite one", "Count it apart.")
    return columns


def _numbered(clusters: Sequence[Hashable] | npt.NDArray[np.generic], rows: int) -> npt.NDArray[np.int64]:
    if len(clusters) != rows:
        raise DataError("the clusters", f"be as many as the {rows} rows", str(len(clusters)), "Give one a row.")
    number = {cluster: index for index, cluster in enumerate(dict.fromkeys(clusters))}
    return np.array([number[cluster] for cluster in clusters], dtype=np.int64)


def _added(rows: Floats, member: npt.NDArray[np.int64]) -> Floats:
    sums = np.zeros((int(member.max()) + 1, rows.shape[1]))
    np.add.at(sums, member, rows)  # one row after the other, so in the order of the rows
    return sums


def _on_grid(sums: Floats, used: npt.NDArray[np.int64]) -> Floats:
    """The sums [G, K] rounded so that those of the `used` [K] clusters with a value add up exactly."""
    largest = np.abs(sums).max(axis=0)
    bits = 51 - np.frexp(used)[1]
    exponent = np.frexp(np.where(largest > 0, largest, 1.0))[1] - bits
    step = np.ldexp(1.0, np.maximum(exponent, _SMALLEST))
    return np.asarray(np.rint(sums / step) * step)


def grouped(columns: ClusterSums) -> ClusterSums:
    """At most `MOST_CLUSTERS` clusters: more are put together at random into so many groups of equal numbers.

    Groups of independent clusters are independent clusters themselves. So time and memory of a resampling have a bound
    whatever the number of pictures. The groups are the same on every machine; sums of groups are exact.
    """
    if columns.count <= MOST_CLUSTERS:
        return columns
    order = np.argsort(np.random.Philox(key=columns.count).random_raw(columns.count), kind="stable")
    return ClusterSums(*(_of_groups(part[order]) for part in (columns.sums, columns.sizes)))


def _of_groups(rows: Floats) -> Floats:
    """Sums [MOST_CLUSTERS, K] over every MOST_CLUSTERS-th of the rows [G, K]."""
    lacking = -len(rows) % MOST_CLUSTERS
    padded = np.concatenate([rows, np.zeros((lacking, rows.shape[1]))])
    return np.asarray(padded.reshape(-1, MOST_CLUSTERS, rows.shape[1]).sum(axis=0))
