"""Arrays to data URLs of PNG files and back: how pictures, holes and label maps travel between page and server."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import DataError, TooLarge
from bench.image_files.decode import decode_index_map_bytes
from bench.image_files.opening import open_image_bytes
from bench.pictures import png_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["from_base64", "from_data_url", "png_base64", "read_hole", "read_labels", "to_data_url"]

_URL = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w=.-]+)*?;base64,")
_HALF = 128
_MOST_PIXELS = 1 << 22
"""Of a hole or label map: far more than the largest picture of a session has."""


def to_data_url(picture: Picture | Hole | LabelMap) -> str:
    """The PNG file of an array, see `bench.pictures.png_bytes`, as a data URL."""
    return f"data:image/png;base64,{png_base64(picture)}"


def png_base64(picture: Picture | Hole | LabelMap) -> str:
    """The PNG file of an array in base64."""
    return base64.b64encode(png_bytes(picture)).decode("ascii")


def from_data_url(text: str, subject: str, most: int) -> bytes:
    """The bytes of a data URL.

    Args:
        text: `data:image/png;base64,...`, of any type.
        subject: what it is, for messages.
        most: bytes that it may have.

    Raises:
        DataError: it is no such URL.
        TooLarge: it has more bytes.
    """
    start = _URL.match(text[:200])
    if start is None:
        raise DataError(subject, "be a data URL in base64", repr(text[:30]), "Send a file, as the page does.")
    return from_base64(text[start.end() :], subject, most)


def from_base64(text: str, subject: str, most: int) -> bytes:
    """The bytes of a text in base64; errors as of `from_data_url`."""
    if len(text) // 4 * 3 > most + 2:
        raise TooLarge(subject, f"have at most {most:,} bytes", f"{len(text) // 4 * 3:,}", "Make it smaller.")
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise DataError(subject, "be base64", str(error), "Send it again.") from error


def read_hole(data: bytes, shape: tuple[int, int]) -> Hole:
    """The hole of a PNG file: bool [H, W], True where it is white.

    Args:
        data: of a file that is grey, or coloured with three equal channels and opaque, as a canvas writes it.
        shape: of the picture.

    Raises:
        DataError: another file, another size, a hole without a pixel, or one over everything.
    """
    plane = _plane(data, "hole")
    _check_size(plane, "hole", shape)
    hole = plane >= _HALF
    missing = int(np.count_nonzero(hole))
    if missing == 0:
        raise DataError("hole", "have a pixel", "none", "Paint one first.")
    if missing == hole.size:
        raise DataError("hole", "leave a pixel of the picture", "a hole over everything", "Erase a part of it.")
    return hole


def read_labels(data: bytes, shape: tuple[int, int], classes: tuple[str, ...]) -> LabelMap:
    """The label map of a PNG file: uint8 [H, W], a class everywhere.

    Args:
        data: of a file that is grey or has a palette (its indices count), or that a canvas writes.
        shape: of the picture.
        classes: of the model.

    Raises:
        DataError: another file, another size, colours, unlabelled pixels, or an index that is no class of the model.
    """
    plane = _plane(data, "label map")
    _check_size(plane, "label map", shape)
    wrong = plane[plane >= len(classes)]
    if wrong.size:
        found = "unlabelled pixels (255)" if wrong.max() == 255 else f"index {int(wrong.max())}"
        must = f"hold a class of the model in every pixel, 0 to {len(classes) - 1}"
        raise DataError("label map", must, found, "Paint them with a class of the palette.")
    return plane.astype(np.uint8)


def _plane(data: bytes, subject: str) -> npt.NDArray[np.integer]:
    """One number a pixel, [H, W], of a grey or palette PNG, or of a canvas."""
    opened = open_image_bytes(data, subject, _MOST_PIXELS)
    if opened.format != "PNG" or opened.image.mode not in ("RGB", "RGBA"):
        if subject == "hole" and opened.image.mode == "1":
            return np.asarray(opened.image).astype(np.int32) * 255
        return decode_index_map_bytes(data, subject, _MOST_PIXELS)
    pixels = np.asarray(opened.image)
    if opened.bits == 16 or (pixels.shape[2] == 4 and pixels[..., 3].min() < 255):
        raise DataError(subject, "be opaque, 8 bits a sample", "16 bits or transparent pixels", "Send it as grey.")
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if not (np.array_equal(red, green) and np.array_equal(red, blue)):
        fix = "Give the index map, not its colour rendering."
        raise DataError(subject, "hold one number a pixel (a grey PNG)", "colours", fix)
    return red


def _check_size(plane: npt.NDArray[np.integer], subject: str, shape: tuple[int, int]) -> None:
    if plane.shape != shape:
        must = f"be as large as the picture, {shape[0]}x{shape[1]}, height x width"
        raise DataError(subject, must, "x".join(map(str, plane.shape)), "Draw it on the picture as it is shown.")
