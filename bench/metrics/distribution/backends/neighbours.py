"""Nearest neighbours in sets of features: radii of balls, and how many points lie in them, as exact comparisons.

Products of matrices in float32 give bounds of every squared distance; where the bounds do not decide, the distance is
taken from the differences of the two rows in float64. So equal rows are 0 apart, ties are ties, and a large mean that
all rows share costs no digits, whatever the library of linear algebra and its threads do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.metrics.distribution.backends.feature_sets import Floats

__all__ = ["Balls", "count_inside", "squared_radii"]

Counts: TypeAlias = npt.NDArray[np.int64]
Rows: TypeAlias = npt.NDArray[np.intp]
_Singles: TypeAlias = npt.NDArray[np.float32]

_BLOCK = 1 << 23
"""Distances at a time."""
_PAIRS = 1 << 21
"""Differences of numbers at a time, where distances are taken exactly."""
_UNIT = 2.0**-24  # rounding of a float32
_TINY = 1e-36  # above what squares of numbers up to 1 lose below the smallest float32


@dataclass(frozen=True)
class Balls:
    """A ball around every row of one of two sets.

    Attributes:
        around: which set has the centres.
        squared_radii: float64, one a row of that set.
        closed: whether points at exactly the radius are inside. In an open ball of radius 0 lies its centre alone.
    """

    around: Literal["first", "second"]
    squared_radii: Floats
    closed: bool

    def holds(self, squared: Floats, first: Rows, second: Rows) -> npt.NDArray[np.bool_]:
        """Whether exact squared distances between those rows are inside."""
        limits = self.squared_radii[first if self.around == "first" else second]
        inside: npt.NDArray[np.bool_] = (
            squared <= limits if self.closed else (squared < limits) | (squared + limits == 0)
        )
        return inside


def squared_radii(features: Floats, neighbours: Sequence[int]) -> Floats:
    """Squared distance of every row to its k-th nearest other row, for several k: float64 [len(neighbours), N].

    Args:
        features: float64 [N, D], finite, with more rows than the largest k.
        neighbours: the k, each at least 1.
    """
    bounds = _Bounds(features, features)
    most = max(neighbours)
    radii = np.empty((len(neighbours), len(features)))
    for rows, lower, upper in bounds.blocks():
        own = np.arange(len(rows)), rows
        lower[own] = upper[own] = np.inf
        reach = np.partition(upper, most - 1, axis=1)[:, most - 1]
        block_rows, columns = np.nonzero(lower <= reach[:, None])
        squared = _exact(features, features, rows[block_rows], columns)
        ordered = squared[np.lexsort((squared, block_rows))]
        starts = np.searchsorted(block_rows, np.arange(len(rows)))
        for line, k in zip(radii, neighbours, strict=True):
            line[rows] = ordered[starts + k - 1]
    return radii


def count_inside(first: Floats, second: Floats, balls: Sequence[Balls]) -> list[tuple[Counts, Counts]]:
    """In how many pairs of rows the distance is inside a ball, for each kind of balls: by row of either set.

    Args:
        first: float64 [M, D].
        second: float64 [N, D].
        balls: around rows of one of them.

    Returns:
        For each kind int64 [M] and [N]: of each row, the rows of the other set with which it is inside.
    """
    found = [(np.zeros(len(first), np.int64), np.zeros(len(second), np.int64)) for _ in balls]
    bounds = _Bounds(first, second)
    for rows, lower, upper in bounds.blocks():
        for kind, counts in zip(balls, found, strict=True):
            limits = kind.squared_radii[rows, None] if kind.around == "first" else kind.squared_radii
            least, most = bounds.around(limits)
            inside = upper < least
            block_rows, columns = np.nonzero((lower <= most) & ~inside)
            held = kind.holds(_exact(first, second, rows[block_rows], columns), rows[block_rows], columns)
            inside[block_rows, columns] = held
            counts[0][rows] = inside.sum(axis=1)
            counts[1][:] += inside.sum(axis=0)
    return found


class _Bounds:
    """Bounds of the squared distances between rows of two sets, in a unit of their own.

    A product of n numbers in float32, added up in any order, is wrong by at most n roundings of the product of the
    lengths, which is at most half the sum of the squared lengths.
    """

    def __init__(self, first: Floats, second: Floats) -> None:
        middle = second.mean(axis=0)
        moved = first - middle, second - middle
        largest = max(float(np.abs(one).max(initial=0.0)) for one in moved)
        scale = 0.5 ** int(np.frexp(largest)[1])
        self._scale = scale * scale
        self._first, self._second = ((one * scale).astype(np.float32) for one in moved)
        roundings = (first.shape[1] + 16) * _UNIT
        self._share = roundings / max(1 - roundings, 0.5)

    def blocks(self) -> Iterator[tuple[Rows, _Singles, _Singles]]:
        """Numbers of some rows of the first set, and bounds from below and above, float32 [rows, N]."""
        step = max(1, _BLOCK // len(self._second))
        lengths = [self._bounded(self._second, sign) for sign in (-1, 1)]
        for start in range(0, len(self._first), step):
            some = self._first[start : start + step]
            upper = (some * np.float32(-2)) @ self._second.T
            lower = upper.copy()
            for products, sign, of_second in zip((lower, upper), (-1, 1), lengths, strict=True):
                np.add(products, self._bounded(some, sign)[:, None], out=products)
                np.add(products, of_second, out=products)
            yield np.arange(start, start + len(some)), lower, upper

    def _bounded(self, rows: _Singles, sign: int) -> _Singles:
        """Squared lengths of rows, with what they may be wrong by in a distance taken away or added."""
        lengths = np.square(rows, dtype=np.float64).sum(axis=1)
        bounded: _Singles = (lengths * (1 + sign * self._share) + sign * _TINY).astype(np.float32)
        return bounded

    def around(self, squared: Floats) -> tuple[_Singles, _Singles]:
        """Squared distances in the unit of the bounds, rounded down and up."""
        near = (squared * self._scale).astype(np.float32)
        return np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))


def _exact(first: Floats, second: Floats, first_rows: Rows, second_rows: Rows) -> Floats:
    """Squared distances of pairs of rows, float64 [pairs]: the same bits for (x, y) and (y, x), 0 for equal rows."""
    squared = np.empty(len(first_rows))
    step = max(1, _PAIRS // first.shape[1])
    for start in range(0, len(squared), step):
        pairs = slice(start, start + step)
        difference = first[first_rows[pairs]] - second[second_rows[pairs]]
        squared[pairs] = np.square(difference, out=difference).sum(axis=1)
    return squared
