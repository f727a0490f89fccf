"""PatchMatch hole filling: the missing part is put together from patches of the known part.

Randomised search for the nearest patches (C. Barnes, E. Shechtman, A. Finkelstein and D. B. Goldman, PatchMatch: A
Randomized Correspondence Algorithm for Structural Image Editing, SIGGRAPH 2009) inside the coarse-to-fine
expectation-maximisation of Y. Wexler, E. Shechtman and M. Irani, Space-Time Completion of Video, PAMI 29(3), 2007,
with the bidirectional votes of D. Simakov et al., Summarizing Visual Data Using Bidirectional Similarity, CVPR 2008.
Two additions after A. Newson et al., Video Inpainting of Complex Scenes, SIAM J. Imaging Sciences 7(4), 2014: a texture
channel in the patch distance, so that a smooth patch does not win where texture belongs, and unblended pixels at last.

All arithmetic is on integers and the random stream is the package's own: a picture, a hole and a seed give the same
bytes on every machine. A patch has 7x7 pixels; at a level where hardly any such patch is free of the hole (thin
stripes of known pixels, a sparse grid) it has 5x5, 3x3 or, at last, one pixel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baselines._arguments import hide
from baselines.patchmatch._estimation import complete
from baselines.patchmatch._patches import positions
from baselines.patchmatch._search import Matches, random_stream, search

__all__ = ["LIBRARIES", "SOURCES", "fill", "nearest_patches"]

SOURCES = (
    "baselines.patchmatch",
    "baselines.patchmatch._compiled",
    "baselines.patchmatch._estimation",
    "baselines.patchmatch._patches",
    "baselines.patchmatch._pyramid",
    "baselines.patchmatch._search",
    "baselines.patchmatch._vote",
    "baselines._arguments",
)
LIBRARIES = ("numba", "scipy", "numpy")


def fill(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_], *, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Fill the hole with pixels of the known part; every filled pixel is a copy of a known one.

    Args:
        image: uint8 [H, W, 3] RGB; its hole pixels are not read.
        hole: bool [H, W], True = missing.
        seed: of the random search; another seed is another, equally likely fill.

    Returns:
        uint8 [H, W, 3]; the known pixels equal the image's.

    Raises:
        ValueError: as `baselines` says.
    """
    return complete(hide(image, hole), hole, seed)


def nearest_patches(
    image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_], *, size: int = 7, scans: int = 8, seed: int = 0
) -> npt.NDArray[np.int64]:
    """The randomised search alone: for each patch that touches the hole, a near one that does not.

    Args:
        image: uint8 [H, W, 3] RGB, whole: hole pixels are compared as they are.
        hole: bool [H, W], True = missing.
        size: pixels a patch side.
        scans: passes over the picture, in alternating direction.
        seed: of the random search.

    Returns:
        int64 [H - size + 1, W - size + 1, 2], row and column of the upper left pixel of the match of the patch whose
        upper left pixel is there; -1 for a patch that does not touch the hole.

    Raises:
        ValueError: as `baselines` says, or if no patch of that size is free of the hole.
    """
    hide(image, hole)
    patches = positions(hole, size)
    if patches is None or not len(patches.sources):
        raise ValueError(
            f"hole must leave a {size}x{size} patch free; found none in {list(hole.shape)}. Ask for a smaller size."
        )
    planes = np.dstack([image, np.zeros(hole.shape, np.uint8)])
    stream = random_stream(seed)
    matches = Matches.drawn(patches.targets, patches.sources, patches.touching.shape, stream)
    search(planes, size, matches, ~patches.touching, scans, stream)
    return matches.field
