"""Biharmonic completion: the smoothest surface through the hole's border, the strongest fill without texture.

Source: S. B. Damelin and N. S. Hoang, On Surface Completion and Image Inpainting by Biharmonic Functions: Numerical
Aspects, Int. J. Mathematics and Mathematical Sciences, 2018; solved exactly by scikit-image's `inpaint_biharmonic`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.restoration import inpaint_biharmonic

from baselines._arguments import hide

__all__ = ["LIBRARIES", "SOURCES", "fill"]

SOURCES = ("baselines.biharmonic", "baselines._arguments")
LIBRARIES = ("scikit-image", "scipy", "numpy")


def fill(
    image: npt.NDArray[np.uint8],
    hole: npt.NDArray[np.bool_],
    *,
    seed: int = 0,  # noqa: ARG001 - the form of every model
) -> npt.NDArray[np.uint8]:
    """Fill the hole with the solution of the biharmonic equation, each channel clipped to its known range.

    One sparse system with a row for every missing pixel, in float64; rounded half to even.

    Args:
        image: uint8 [H, W, 3] RGB; its hole pixels are not read.
        hole: bool [H, W], True = missing.
        seed: unused, the fill is the same for every seed.

    Returns:
        uint8 [H, W, 3]; the known pixels equal the image's.

    Raises:
        ValueError: as `baselines` says.
    """
    hidden = hide(image, hole)
    surface = inpaint_biharmonic(hidden, hole, channel_axis=-1)
    filled = np.rint(np.clip(surface, 0, 1) * 255).astype(np.uint8)
    return np.where(hole[..., None], filled, hidden)
