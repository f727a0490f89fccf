"""From matches to pixels: every patch votes for the missing pixels it covers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from baselines.patchmatch._compiled import compiled

__all__ = ["cast_votes", "copy_likeliest", "similarity", "typical"]

STEPS = 16
SIMILARITY = np.array([round(2**20 * math.exp(-k / (2 * STEPS))) for k in range(26 * STEPS)], np.int64)


def typical(cost: npt.NDArray[np.int64]) -> int:
    """The third quartile of the costs int64 [N], Wexler's sigma squared; at least 1."""
    return max(int(np.partition(cost, len(cost) * 3 // 4)[len(cost) * 3 // 4]), 1)


def similarity(cost: npt.NDArray[np.int64], scale: int) -> npt.NDArray[np.int64]:
    """exp(-cost / (2 scale)) in units of 2^-20, int64 [N] (Wexler et al. 2007, equation 2)."""
    return SIMILARITY[np.minimum(cost * STEPS // scale, len(SIMILARITY) - 1)]


@compiled
def cast_votes(
    image: npt.NDArray[np.uint8],
    hole: npt.NDArray[np.bool_],
    size: int,
    targets: npt.NDArray[np.int64],
    sources: npt.NDArray[np.int64],
    weights: npt.NDArray[np.int64],
    ballot: npt.NDArray[np.int64],
) -> None:
    """Add the pixels of source patches, weighted, to the missing pixels of target patches.

    Args:
        image: uint8 [H, W, 4].
        hole: bool [H, W], True = missing.
        size: pixels a patch side.
        targets: int64 [N, 2].
        sources: int64 [N, 2].
        weights: int64 [N].
        ballot: int64 [H, W, 5], weighted channel sums and the sum of weights; changed in place.
    """
    for i in range(len(targets)):
        (y, x), (v, u) = targets[i], sources[i]
        for row in range(size):
            for column in range(size):
                if hole[y + row, x + column]:
                    for channel in range(4):
                        ballot[y + row, x + column, channel] += weights[i] * image[v + row, u + column, channel]
                    ballot[y + row, x + column, 4] += weights[i]


@compiled
def copy_likeliest(
    image: npt.NDArray[np.uint8],
    pixels: npt.NDArray[np.int64],
    size: int,
    field: npt.NDArray[np.int64],
    weight: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """For every missing pixel the source pixel that the greatest weight of patches votes for, unblended.

    Patches that match at the same offset vote for the same source pixel, so whole pieces of the source are copied.

    Args:
        image: uint8 [H, W, 4].
        pixels: int64 [N, 2], the missing pixels.
        size: pixels a patch side.
        field: int64 [H', W', 2], the matches.
        weight: int64 [H', W'], of the patches.

    Returns:
        uint8 [N, 4].
    """
    chosen = np.empty((len(pixels), 4), np.uint8)
    sources = np.empty((size * size, 2), np.int64)
    votes = np.empty(size * size, np.int64)
    for i in range(len(pixels)):
        y, x = int(pixels[i, 0]), int(pixels[i, 1])
        known = best = 0
        for top in range(max(0, y - size + 1), min(y + 1, field.shape[0])):
            for left in range(max(0, x - size + 1), min(x + 1, field.shape[1])):
                v, u = field[top, left, 0] + y - top, field[top, left, 1] + x - left
                k = 0
                while k < known and (sources[k, 0] != v or sources[k, 1] != u):
                    k += 1
                if k == known:
                    sources[k, 0], sources[k, 1], votes[k] = v, u, 0
                    known += 1
                votes[k] += weight[top, left]
                if votes[k] > votes[best]:
                    best = k
        for channel in range(4):
            chosen[i, channel] = image[sources[best, 0], sources[best, 1], channel]
    return chosen
