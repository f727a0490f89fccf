"""OpenCV's two diffusion fills, the classical baselines of nearly every inpainting paper.

Sources: A. Telea, An Image Inpainting Technique Based on the Fast Marching Method, J. Graphics Tools 9(1), 2004;
M. Bertalmio, A. Bertozzi and G. Sapiro, Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting, CVPR 2001;
both as `cv2.inpaint` computes them, each colour channel on its own, so that RGB and BGR order give the same fill.

Where a hole touches the picture's border, OpenCV's Telea reads a few hole pixels; they are 0 here, as everywhere.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from baselines._arguments import hide

__all__ = ["LIBRARIES", "RADIUS", "SOURCES", "navier_stokes", "telea"]

SOURCES = ("baselines.opencv", "baselines._arguments")
LIBRARIES = ("opencv-python-headless", "numpy")

RADIUS = 3.0
"""Pixels: how far around a missing pixel known ones are looked at; the value of OpenCV's own sample."""


def telea(
    image: npt.NDArray[np.uint8],
    hole: npt.NDArray[np.bool_],
    *,
    radius: float = RADIUS,
    seed: int = 0,  # noqa: ARG001 - the form of every model
) -> npt.NDArray[np.uint8]:
    """Fill from the border inwards by fast marching, `cv2.INPAINT_TELEA`.

    Args:
        image: uint8 [H, W, 3] RGB; its hole pixels are not read.
        hole: bool [H, W], True = missing.
        radius: pixels, neighbourhood of each missing pixel.
        seed: unused, the fill is the same for every seed.

    Returns:
        uint8 [H, W, 3]; the known pixels equal the image's.

    Raises:
        ValueError: as `baselines` says, or if the radius is not above 0.
    """
    return _inpaint(image, hole, radius, cv2.INPAINT_TELEA)


def navier_stokes(
    image: npt.NDArray[np.uint8],
    hole: npt.NDArray[np.bool_],
    *,
    radius: float = RADIUS,
    seed: int = 0,  # noqa: ARG001 - the form of every model
) -> npt.NDArray[np.uint8]:
    """Fill by transporting the smoothness of the picture along its isophotes, `cv2.INPAINT_NS`.

    Args:
        image: uint8 [H, W, 3] RGB; its hole pixels are not read.
        hole: bool [H, W], True = missing.
        radius: pixels, neighbourhood of each missing pixel.
        seed: unused, the fill is the same for every seed.

    Returns:
        uint8 [H, W, 3]; the known pixels equal the image's.

    Raises:
        ValueError: as `baselines` says, or if the radius is not above 0.
    """
    return _inpaint(image, hole, radius, cv2.INPAINT_NS)


def _inpaint(
    image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_], radius: float, method: int
) -> npt.NDArray[np.uint8]:
    if not radius > 0:
        raise ValueError(f"radius must be above 0 pixels; found {radius}. Leave it out for {RADIUS}.")
    hidden = hide(image, hole)
    filled = cv2.inpaint(hidden, hole.astype(np.uint8), radius, method)
    return np.where(hole[..., None], filled.astype(np.uint8, copy=False), hidden)
