"""Which patches of a level touch the hole (targets) and which are free of it (sources).

A patch is named by the row and column of its upper left pixel and lies wholly inside the picture, so that there are
H' x W' = (H - size + 1) x (W - size + 1) of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["Patches", "choose", "positions"]

SIZES = (7, 5, 3, 1)
ENOUGH_SOURCES = 64
TARGETS_A_SOURCE = 32
NEARNESS = np.array([max(1, round(2**12 * 1.3**-distance)) for distance in range(64)], np.int64)


@dataclass(frozen=True)
class Patches:
    """The patches of one level.

    Attributes:
        size: pixels a patch side.
        touching: bool [H', W'], True where the patch holds a missing pixel.
        targets: int64 [N, 2], the touching ones in raster order.
        sources: int64 [M, 2], the others in raster order.
        nearness: int64 [H', W'], how much a patch counts: 1.3^-d for a centre d pixels deep in the hole (Wexler et al.
            2007, section 3.2), so that the estimate grows inwards from the border.
    """

    size: int
    touching: npt.NDArray[np.bool_]
    targets: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int64]
    nearness: npt.NDArray[np.int64]


def positions(hole: npt.NDArray[np.bool_], size: int) -> Patches | None:
    """The patches of `size` pixels a side around a hole bool [H, W]; None if the picture is smaller than one."""
    if min(hole.shape) < size:
        return None
    half, height, width = size // 2, hole.shape[0] - size + 1, hole.shape[1] - size + 1
    centres = np.s_[half : half + height, half : half + width]
    touching = np.ascontiguousarray(ndimage.maximum_filter(hole, size)[centres])
    depth = ndimage.distance_transform_cdt(hole, "chessboard")[centres]
    nearness = NEARNESS[np.minimum(depth, len(NEARNESS) - 1)]
    targets, sources = (np.ascontiguousarray(np.argwhere(which)) for which in (touching, ~touching))
    return Patches(size, touching, targets, sources, nearness)


def choose(hole: npt.NDArray[np.bool_]) -> Patches:
    """Patches as large as leave enough of them free of the hole; with one pixel there is always a source."""
    for size in SIZES:
        patches = positions(hole, size)
        if patches is not None and (size == SIZES[-1] or _has_enough_sources(patches)):
            return patches
    raise AssertionError("a picture has at least one pixel")


def _has_enough_sources(patches: Patches) -> bool:
    return len(patches.sources) >= max(ENOUGH_SOURCES, len(patches.targets) // TARGETS_A_SOURCE)
