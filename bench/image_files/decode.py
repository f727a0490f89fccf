"""Picture and label files to arrays. What cannot be read exactly is refused: never half a picture, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bench.errors import DataError
from bench.image_files.opening import MAX_PIXELS, OpenedImage, open_image, open_image_bytes, refusing_broken_palettes

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from bench.vocabulary import Picture

__all__ = [
    "DecodedPicture",
    "decode_index_map_bytes",
    "decode_picture",
    "decode_picture_bytes",
    "read_index_map",
    "read_picture",
    "read_stored",
]

_PICTURE_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
_INDEX_MODES = frozenset({"1", "L", "P", "I", "I;16", "I;16B"})
_STRIP = 1 << 20
"""Pixels that are converted at a time."""
_MOST_STORED = 50_000_000
"""Pixels of a picture that a run keeps: its readers hold several copies of each."""


@dataclass(frozen=True)
class DecodedPicture:
    """A picture and how it was stored.

    Attributes:
        pixels: uint8 [H, W, 3] RGB, upright.
        orientation: EXIF orientation of the file, 1 to 8; 1 where it is stored upright.
    """

    pixels: Picture
    orientation: int


def read_picture(path: Path, noun: str = "picture") -> Picture:
    """The pixels of `decode_picture`, uint8 [H, W, 3] RGB, upright."""
    return decode_picture(path, noun).pixels


def decode_picture(path: Path, noun: str = "picture") -> DecodedPicture:
    """Decode a BMP, JPEG, PNG, TIFF or WebP file, of a data set or a prediction.

    Grey and palette pictures become RGB; an alpha channel is dropped where it is opaque all over; the EXIF orientation
    is applied; colour profiles are not: pixels are the numbers that are stored.

    Args:
        path: the file.
        noun: what it is, for messages.

    Raises:
        DataError: as `open_image`, and for 16-bit samples, transparent pixels and CMYK.
    """
    return _to_rgb(open_image(path, noun), f"{noun} {path}")


def decode_picture_bytes(data: bytes, subject: str, max_pixels: int = MAX_PIXELS) -> DecodedPicture:
    """As `decode_picture`, of a file that is in memory; arguments and errors as of `open_image_bytes`."""
    return _to_rgb(open_image_bytes(data, subject, max_pixels), subject)


def _to_rgb(opened: OpenedImage, subject: str) -> DecodedPicture:
    image = opened.image
    if opened.bits == 16 or image.mode not in _PICTURE_MODES:
        found = "16 bits a sample" if opened.bits == 16 else f"mode {image.mode}"
        raise DataError(subject, "be grey, palette or RGB, 8 bits a sample", found, "Convert it to 8-bit RGB.")
    with refusing_broken_palettes(subject, "Convert it to 8-bit RGB."):
        if image.has_transparency_data:
            image = image if image.mode == "RGBA" else image.convert("RGBA")
            if image.getchannel("A").getextrema()[0] != 255:
                fix = "Flatten it over a background of your choice."
                raise DataError(subject, "be opaque", "transparent pixels", fix)
        return DecodedPicture(_pixels_of(image), opened.orientation)


def _pixels_of(image: Image.Image) -> Picture:
    """The RGB pixels, strip by strip: Pillow would make two more copies of a large picture on the way."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    step = max(1, _STRIP // width)
    for top in range(0, height, step):
        strip = image.crop((0, top, width, min(top + step, height)))
        pixels[top : top + step] = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))
    return pixels


def read_index_map(path: Path) -> npt.NDArray[np.int32]:
    """Decode a label PNG to int32 [H, W]: the stored numbers, of a palette picture its indices and not its colours.

    The EXIF orientation is applied. Raises DataError on damaged files, on files of colours and on other formats, which
    may have changed the numbers.
    """
    return _indices(open_image(path, "label map"), f"label map {path}")


def read_stored(path: Path, mode: Literal["RGB", "L"], shape: tuple[int, ...] | None = None) -> npt.NDArray[np.uint8]:
    """The pixels of a picture, hole or label map that a run keeps, uint8 [H, W, 3] or [H, W].

    Args:
        path: the file; it may come from others, as any picture.
        mode: what to read it as.
        shape: height and width that it must have; None for any.

    Raises:
        DataError: as `open_image`, and for another size.
    """
    fix = "Run the command of the run again, or delete the file."
    image = open_image(path, "picture", fix, _MOST_STORED).image
    with refusing_broken_palettes(f"picture {path}", fix):
        found = np.array(image.convert(mode))
    if shape is not None and found.shape[:2] != shape[:2]:
        must = f"be {shape[0]}x{shape[1]} pixels, height x width, as the picture that it belongs to"
        raise DataError(f"picture {path}", must, f"{found.shape[0]}x{found.shape[1]}", fix)
    return found


def decode_index_map_bytes(data: bytes, subject: str, max_pixels: int = MAX_PIXELS) -> npt.NDArray[np.int32]:
    """As `read_index_map`, of a file that is in memory; arguments and errors as of `open_image_bytes`."""
    return _indices(open_image_bytes(data, subject, max_pixels), subject)


def _indices(opened: OpenedImage, subject: str) -> npt.NDArray[np.int32]:
    if opened.format != "PNG" or opened.image.mode not in _INDEX_MODES:
        raise DataError(
            subject,
            "hold one class index a pixel (a grey or palette PNG)",
            f"mode {opened.image.mode}" if opened.format == "PNG" else f"a {opened.format} file",
            "Give the index map, not its colour rendering.",
        )
    values = np.asarray(opened.image).astype(np.int32)
    if opened.image.mode == "L" and opened.bits in {2, 4}:
        values //= 255 // ((1 << opened.bits) - 1)  # Pillow stretches 2- and 4-bit grey to 0..255
    return values
