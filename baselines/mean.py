"""The mean colour of the known pixels: the simplest fill, which every model must beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baselines._arguments import hide

__all__ = ["LIBRARIES", "SOURCES", "fill"]

SOURCES = ("baselines.mean", "baselines._arguments")
LIBRARIES = ("numpy",)


def fill(
    image: npt.NDArray[np.uint8],
    hole: npt.NDArray[np.bool_],
    *,
    seed: int = 0,  # noqa: ARG001 - the form of every model
) -> npt.NDArray[np.uint8]:
    """Fill the hole with the mean colour of the known pixels, rounded half to even.

    Args:
        image: uint8 [H, W, 3] RGB; its hole pixels are not read.
        hole: bool [H, W], True = missing.
        seed: unused, the fill is the same for every seed.

    Returns:
        uint8 [H, W, 3]; the known pixels equal the image's.

    Raises:
        ValueError: as `baselines` says.
    """
    filled = hide(image, hole)
    known = filled[~hole]
    filled[hole] = np.rint(known.sum(axis=0, dtype=np.int64) / len(known)).astype(np.uint8)
    return filled
