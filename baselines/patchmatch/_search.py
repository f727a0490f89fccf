"""The randomised search for nearest patches (Barnes et al. 2009, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from baselines.patchmatch._compiled import compiled

__all__ = ["Matches", "random_stream", "search"]

CHANNELS = 4
FAR = 2**62


@dataclass(frozen=True)
class Matches:
    """A nearest-neighbour field: to every query patch its match.

    Attributes:
        queries: int64 [N, 2], the patches to match, in raster order.
        field: int64 [H', W', 2], row and column of the match; -1 where there is no query.
        cost: int64 [H', W'], sum of squared differences between patch and match.
    """

    queries: npt.NDArray[np.int64]
    field: npt.NDArray[np.int64]
    cost: npt.NDArray[np.int64]

    @classmethod
    def drawn(
        cls,
        queries: npt.NDArray[np.int64],
        candidates: npt.NDArray[np.int64],
        shape: tuple[int, ...],
        stream: npt.NDArray[np.uint64],
    ) -> Self:
        """Matches drawn at random from `candidates` int64 [M, 2]."""
        field = np.full((*shape, 2), -1, np.int64)
        _draw_matches(queries, candidates, field, stream)
        return cls(queries, field, np.full(shape, FAR, np.int64))

    @classmethod
    def given(cls, queries: npt.NDArray[np.int64], places: npt.NDArray[np.int32]) -> Self:
        """Matches read off `places` int32 [H', W', 2]."""
        field = np.full(places.shape, -1, np.int64)
        rows, columns = queries.T
        field[rows, columns] = places[rows, columns]
        return cls(queries, field, np.full(places.shape[:2], FAR, np.int64))

    def take(self, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The entries of int64 [H', W'] or [H', W', 2] at the queries."""
        return values[self.queries[:, 0], self.queries[:, 1]]

    def matched(self) -> npt.NDArray[np.int64]:
        """int64 [N, 2], the matches in the order of the queries."""
        return self.field[self.queries[:, 0], self.queries[:, 1]]


def random_stream(seed: int) -> npt.NDArray[np.uint64]:
    """The state uint64 [1] of a random stream: the seed, scattered by SplitMix64's finaliser."""
    mask = 2**64 - 1
    z = (seed + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return np.array([(z ^ (z >> 31)) or 1], np.uint64)


def search(
    image: npt.NDArray[np.uint8],
    size: int,
    matches: Matches,
    allowed: npt.NDArray[np.bool_],
    scans: int,
    stream: npt.NDArray[np.uint64],
) -> None:
    """Bring the costs up to date with the image and better the matches, in place.

    Args:
        image: uint8 [H, W, 4].
        size: pixels a patch side.
        matches: to start from.
        allowed: bool [H', W'], where a match may be.
        scans: passes over the queries, forwards and backwards in turn; 0 updates the costs only.
        stream: the random stream; moves on.
    """
    lines = image.reshape(len(image), -1)
    _measure(lines, size, matches.queries, matches.field, matches.cost)
    for scan in range(scans):
        queries = matches.queries[::-1] if scan % 2 else matches.queries
        step = 1 if scan % 2 else -1
        _scan(lines, size, np.ascontiguousarray(queries), step, allowed, matches.field, matches.cost, stream)


@compiled
def _draw(stream: npt.NDArray[np.uint64], bound: int) -> int:
    """The next number in [0, bound) of xorshift64* (Vigna 2016)."""
    x = stream[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    stream[0] = x
    return int(np.int64(((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33)) % np.uint64(bound)))


@compiled
def _draw_matches(
    queries: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.int64],
    field: npt.NDArray[np.int64],
    stream: npt.NDArray[np.uint64],
) -> None:
    for y, x in queries:
        drawn = _draw(stream, len(candidates))
        field[y, x, 0] = candidates[drawn, 0]
        field[y, x, 1] = candidates[drawn, 1]


@compiled
def _distance(lines: npt.NDArray[np.uint8], size: int, y: int, x: int, v: int, u: int, enough: int) -> int:
    """Sum of squared differences of the patches at (y, x) and (v, u); stops after the row that reaches `enough`."""
    total = 0
    for row in range(size):
        here = lines[y + row, CHANNELS * x : CHANNELS * (x + size)]
        there = lines[v + row, CHANNELS * u : CHANNELS * (u + size)]
        for i in range(here.size):
            difference = np.int64(here[i]) - there[i]
            total += difference * difference
        if total >= enough:
            break
    return total


@compiled
def _measure(
    lines: npt.NDArray[np.uint8],
    size: int,
    queries: npt.NDArray[np.int64],
    field: npt.NDArray[np.int64],
    cost: npt.NDArray[np.int64],
) -> None:
    for y, x in queries:
        cost[y, x] = _distance(lines, size, y, x, field[y, x, 0], field[y, x, 1], FAR)


@compiled
def _try(
    lines: npt.NDArray[np.uint8],
    size: int,
    query: tuple[int, int],
    match: tuple[int, int],
    allowed: npt.NDArray[np.bool_],
    field: npt.NDArray[np.int64],
    cost: npt.NDArray[np.int64],
) -> None:
    """Take `match` for `query` if it is allowed and nearer."""
    (y, x), (v, u) = query, match
    if v < 0 or u < 0 or v >= allowed.shape[0] or u >= allowed.shape[1] or not allowed[v, u]:
        return
    found = _distance(lines, size, y, x, v, u, cost[y, x])
    if found < cost[y, x]:
        cost[y, x] = found
        field[y, x, 0] = v
        field[y, x, 1] = u


@compiled
def _scan(
    lines: npt.NDArray[np.uint8],
    size: int,
    queries: npt.NDArray[np.int64],
    step: int,
    allowed: npt.NDArray[np.bool_],
    field: npt.NDArray[np.int64],
    cost: npt.NDArray[np.int64],
    stream: npt.NDArray[np.uint64],
) -> None:
    """Propagation from the two neighbours at `step`, visited before, then random search in halved windows."""
    height, width = allowed.shape
    for i in range(len(queries)):
        y, x = int(queries[i, 0]), int(queries[i, 1])
        if 0 <= y + step < height and field[y + step, x, 0] >= 0:
            v, u = int(field[y + step, x, 0]), int(field[y + step, x, 1])
            _try(lines, size, (y, x), (v - step, u), allowed, field, cost)
        if 0 <= x + step < width and field[y, x + step, 0] >= 0:
            v, u = int(field[y, x + step, 0]), int(field[y, x + step, 1])
            _try(lines, size, (y, x), (v, u - step), allowed, field, cost)
        reach = max(height, width)
        while reach >= 1 and cost[y, x] > 0:
            v = int(field[y, x, 0]) + _draw(stream, 2 * reach + 1) - reach
            u = int(field[y, x, 1]) + _draw(stream, 2 * reach + 1) - reach
            _try(lines, size, (y, x), (v, u), allowed, field, cost)
            reach //= 2
