"""Expectation-maximisation from the coarsest level to the full size: match patches, vote for pixels, repeat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from baselines.patchmatch._patches import Patches, choose
from baselines.patchmatch._pyramid import Level, double, pyramid
from baselines.patchmatch._search import Matches, random_stream, search
from baselines.patchmatch._vote import cast_votes, copy_likeliest, similarity, typical

__all__ = ["complete"]

SMALLEST_SIDE = 24
"""Pixels: the coarsest level is the last whose shorter side is not below this, or the full size."""

ROUNDS = (2, 4, 8, 24, 32)
"""Rounds of matching and voting at the full size, the next coarser level, and so on."""

FIRST_ROUNDS = 8
"""Rounds, at least, at the coarsest level, which has only a smooth estimate and the sources nearby to start from."""

SCANS = 2
"""Passes of the search a round."""

COMPLETE_FROM = 2
"""The finest level, counted from the full size, at which sources vote too; finer levels keep the layout."""


def complete(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.uint8]:
    """The picture with its hole filled, uint8 [H, W, 3].

    Args:
        image: uint8 [H, W, 3] RGB, 0 in the hole.
        hole: bool [H, W], True = missing, neither empty nor everywhere.
        seed: of the random search.
    """
    levels = pyramid(image, hole)
    stream = random_stream(seed)
    coarsest = max(n for n in range(len(levels) - 1) if n == 0 or min(levels[n].hole.shape) >= SMALLEST_SIDE)
    patches = choose(levels[coarsest].hole)
    matches = _nearest_sources(patches)
    _estimate(levels[coarsest], patches, matches, coarsest, max(FIRST_ROUNDS, _rounds(coarsest)), stream)
    for number in range(coarsest - 1, -1, -1):
        double(levels[number + 1], levels[number])
        coarser, patches = patches, choose(levels[number].hole)
        matches = _upsample_matches(patches, coarser, matches)
        _vote_coherently(levels[number], patches, matches, scans=0, stream=stream)
        _estimate(levels[number], patches, matches, number, _rounds(number), stream)
    _copy(levels[0], patches, matches, stream)
    return np.ascontiguousarray(levels[0].image[..., :3])


def _rounds(number: int) -> int:
    return ROUNDS[min(number, len(ROUNDS) - 1)]


def _nearest_sources(patches: Patches) -> Matches:
    """Every target matched with the source that lies nearest to it in the picture."""
    place = ndimage.distance_transform_cdt(patches.touching, "chessboard", return_distances=False, return_indices=True)
    return Matches.given(patches.targets, np.moveaxis(place, 0, -1))


def _upsample_matches(patches: Patches, coarser: Patches, matches: Matches) -> Matches:
    """The coarser level's matches at twice the size, or the nearest source where they lead to none."""
    carried = _nearest_sources(patches)
    centre = patches.targets + patches.size // 2
    origin = np.clip(centre // 2 - coarser.size // 2, 0, np.array(coarser.touching.shape) - 1)
    found = matches.field[origin[:, 0], origin[:, 1]]
    match = (found + coarser.size // 2) * 2 + centre % 2 - patches.size // 2
    inside = np.clip(match, 0, np.array(patches.touching.shape) - 1)
    good = (found[:, 0] >= 0) & (match == inside).all(axis=1) & ~patches.touching[inside[:, 0], inside[:, 1]]
    carried.field[patches.targets[good, 0], patches.targets[good, 1]] = match[good]
    return carried


def _estimate(
    level: Level, patches: Patches, matches: Matches, number: int, rounds: int, stream: npt.NDArray[np.uint64]
) -> None:
    """Rounds of matching and voting at one level; the estimate in the level's hole and the matches change in place."""
    if number < COMPLETE_FROM:
        for _ in range(rounds):
            _vote_coherently(level, patches, matches, SCANS, stream)
        return
    returned = Matches.drawn(patches.sources, patches.targets, patches.touching.shape, stream)
    for _ in range(rounds):
        _vote_both_ways(level, patches, matches, returned, stream)


def _vote_coherently(
    level: Level, patches: Patches, matches: Matches, scans: int, stream: npt.NDArray[np.uint64]
) -> None:
    """Coherence: every target patch should look like a source patch."""
    search(level.image, patches.size, matches, ~patches.touching, scans, stream)
    _average_votes(level, _coherent_ballot(level, patches, matches))


def _vote_both_ways(
    level: Level, patches: Patches, matches: Matches, returned: Matches, stream: npt.NDArray[np.uint64]
) -> None:
    """Coherence and completeness: every source patch should also be found in the hole, as far as one is like it.

    Each direction counts for as many patches as it has, as Simakov et al. 2008, equation 1, normalise it.
    """
    search(level.image, patches.size, matches, ~patches.touching, SCANS, stream)
    search(level.image, patches.size, returned, patches.touching, SCANS, stream)
    ballot = _coherent_ballot(level, patches, matches)
    targets, sources = returned.matched(), returned.queries
    weights = similarity(returned.take(returned.cost), typical(matches.take(matches.cost)))
    weights *= patches.nearness[targets[:, 0], targets[:, 1]]
    weights = weights * min(len(patches.targets), len(sources)) // len(sources)
    cast_votes(level.image, level.hole, patches.size, targets, sources, weights, ballot)
    _average_votes(level, ballot)


def _coherent_ballot(level: Level, patches: Patches, matches: Matches) -> npt.NDArray[np.int64]:
    ballot = np.zeros((*level.hole.shape, 5), np.int64)
    weights = _weights(patches, matches)
    cast_votes(level.image, level.hole, patches.size, matches.queries, matches.matched(), weights, ballot)
    return ballot


def _weights(patches: Patches, matches: Matches) -> npt.NDArray[np.int64]:
    cost = matches.take(matches.cost)
    return similarity(cost, typical(cost)) * matches.take(patches.nearness)


def _average_votes(level: Level, ballot: npt.NDArray[np.int64]) -> None:
    """The weighted mean of the votes, where anything was voted for."""
    sums, total = ballot[level.hole, :4], ballot[level.hole, 4:]
    mean = (sums + total // 2) // np.maximum(total, 1)
    level.image[level.hole] = np.where(total > 0, mean, level.image[level.hole])


def _copy(level: Level, patches: Patches, matches: Matches, stream: npt.NDArray[np.uint64]) -> None:
    """Replace the estimate by copied source pixels."""
    search(level.image, patches.size, matches, ~patches.touching, SCANS, stream)
    weight = np.zeros(patches.touching.shape, np.int64)
    weight[patches.targets[:, 0], patches.targets[:, 1]] = _weights(patches, matches)
    pixels = np.ascontiguousarray(np.argwhere(level.hole))
    level.image[level.hole] = copy_likeliest(level.image, pixels, patches.size, matches.field, weight)
