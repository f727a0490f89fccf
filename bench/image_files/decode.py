"""Picture and label files to arrays. What cannot be read exactly is refused: never half a picture, never a guess."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bench.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Picture

__all__ = ["read_index_map", "read_picture"]

FORMATS = ("JPEG", "PNG", "WEBP")
PICTURE_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
"""What Pillow raises on files that are damaged, truncated, too large or no pictures at all."""


def read_picture(path: Path, noun: str = "picture") -> Picture:
    """Decode a JPEG, PNG or WebP file to uint8 [H, W, 3] RGB, upright.

    Grey and palette pictures become RGB; an alpha channel is dropped where it is opaque all over; the EXIF orientation
    is applied. Raises DataError on damaged or truncated files, animations, 16-bit samples, transparent pixels and CMYK.
    """
    image, depth = _decode(path, noun, upright=True)
    if depth == 16 or image.mode not in PICTURE_MODES:
        found = "16 bits a sample" if depth == 16 else f"mode {image.mode}"
        raise DataError(f"{noun} {path}", "be grey, palette or RGB, 8 bits a sample", found, "Convert it to 8-bit RGB.")
    if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema()[0] != 255:
        raise DataError(
            f"{noun} {path}", "be opaque", "transparent pixels", "Flatten it over a background of your choice."
        )
    return np.array(image.convert("RGB"))


def read_index_map(path: Path) -> npt.NDArray[np.int32]:
    """Decode a label PNG to int32 [H, W]: the stored numbers, of a palette picture its indices and not its colours.

    Raises DataError on damaged files and on files of colours.
    """
    image, depth = _decode(path, "label map", upright=False)
    if image.mode not in {"1", "L", "P", "I", "I;16", "I;16B"}:
        raise DataError(
            f"label map {path}",
            "hold one class index a pixel (a grey or palette PNG)",
            f"mode {image.mode}",
            "Give the index map, not its colour rendering.",
        )
    values = np.asarray(image).astype(np.int32)
    if image.mode == "L" and depth in {2, 4}:
        values //= 255 // ((1 << depth) - 1)  # Pillow stretches 2- and 4-bit grey to 0..255
    return values


def _decode(path: Path, noun: str, *, upright: bool) -> tuple[Image.Image, int]:
    """The whole picture and its bits a sample (8 unless a PNG says otherwise)."""
    data = _read(path, noun)
    try:
        _check_whole(data)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise ValueError("an animation")
        image.load()
        if upright:
            ImageOps.exif_transpose(image, in_place=True)
    except BROKEN as error:
        found = "no such picture" if isinstance(error, UnidentifiedImageError) else str(error)
        raise DataError(
            f"{noun} {path}", "be a whole JPEG, PNG or WebP picture", found, "Copy it again, or convert it."
        ) from error
    return image, data[24] if data.startswith(PNG_SIGNATURE) else 8


def _read(path: Path, noun: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{noun} {path}", "be readable", error.strerror or str(error), "Check the file.") from error


def _check_whole(data: bytes) -> None:
    """Raise ValueError on truncated or damaged files that decoders may fill up with grey in silence.

    A WebP file has no checksum: of it only the length is checked.
    """
    if not data:
        raise ValueError("an empty file")
    if data.startswith(PNG_SIGNATURE):
        _check_png(data)
    if data.startswith(JPEG_START) and data.find(JPEG_END, _first_scan(data)) < 0:
        raise ValueError(f"a truncated JPEG ({len(data)} bytes without an end marker)")
    if data.startswith(b"RIFF") and len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise ValueError(f"a truncated WebP ({len(data)} bytes)")


def _first_scan(data: bytes) -> int:
    """Where the pixels of a JPEG begin: behind its headers, which may hold a whole thumbnail with its own end."""
    at = len(JPEG_START)
    while at < len(data) and data[at + 1 : at + 2] != b"\xda":
        fill = data[at + 1 : at + 2] == b"\xff"
        at += 1 if fill else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _check_png(data: bytes) -> None:
    """Compare the checksums of all chunks, which Pillow does not do for pixels, up to the end chunk."""
    at, name = len(PNG_SIGNATURE), b""
    while name != b"IEND":
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            raise ValueError(f"a truncated PNG ({len(data)} bytes)")
        checksum = int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
        if zlib.crc32(data[at + 4 : at + 8 + length]) != checksum:
            raise ValueError(f"a damaged PNG (wrong checksum of chunk {name.decode('latin-1')})")
        at += 12 + length
