"""Tiles: pictures at a size to look at, pixel for pixel, and holes hatched over them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["SMALLEST", "Tile", "hatched", "png_bytes", "scaled"]

SMALLEST, _LARGEST = 192, 512
"""Pixels of a longer side that is neither enlarged nor reduced."""


@dataclass(frozen=True)
class Tile:
    """One place of a grid.

    Attributes:
        picture: uint8 [H, W, 3] at the size at which it is shown, or None for an empty tile.
        caption: small type under it.
        message: written into an empty tile, e.g. `failed`.
    """

    picture: Picture | None
    caption: str = ""
    message: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture; an empty tile asks for no room of its own."""
        return (0, 0) if self.picture is None else (self.picture.shape[1], self.picture.shape[0])


def scaled(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 [H, W] or [H, W, 3] at a size to look at: every pixel repeated, or blocks of pixels averaged, nothing else.

    Pictures whose longer side lies between 192 and 512 stay as they are.
    """
    longest = max(pixels.shape[:2])
    if longest > _LARGEST:
        return np.asarray(Image.fromarray(pixels).reduce(-(-longest // _LARGEST)))
    times = -(-SMALLEST // longest)
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def hatched(picture: Picture, hole: Hole) -> Picture:
    """The picture with light stripes in its hole (bool [H, W], True = missing), scaled to look at."""
    shown = scaled(picture).copy()
    missing = scaled(hole.astype(np.uint8) * 255) >= 128
    rows, columns = np.indices(missing.shape)
    shown[missing] = 232
    shown[missing & ((rows + columns) % 10 < 2)] = 175
    return shown


def png_bytes(image: Image.Image) -> bytes:
    """The file, with nothing in it but pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
