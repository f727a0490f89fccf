"""Any picture file to a decoded Pillow picture that stands upright. What Pillow would repair or guess is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from bench.errors import DataError, TooLarge, is_machine_fault
from bench.image_files.container import FORMATS, Format, check_whole, find_format

__all__ = ["MAX_PIXELS", "OpenedImage", "open_image", "open_image_bytes", "refusing_broken_palettes", "upright_size"]

MAX_PIXELS = 1 << 27
"""134,217,728, about 11,585 x 11,585. A file that claims more is refused before it is decoded: a few bytes can."""

_READERS: dict[Format, type[ImageFile.ImageFile]] = {
    "BMP": BmpImageFile,
    "JPEG": JpegImageFile,  # of a file with several pictures, as phones write them (MPO), the first is the picture
    "PNG": PngImageFile,
    "TIFF": TiffImageFile,
    "WEBP": WebPImageFile,
}
"""Used without `Image.open`, whose limit of pixels is lower and a setting of the whole process."""

_ORIENTATION = 0x0112
_PNG_ORIENTATIONS = (b"eXIf", b"Raw profile type", b"tiff:Orientation")
"""Where a PNG may hold its orientation, also behind its pixels: without any, Pillow need not decode these to look."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _SAMPLE_FORMAT = 256, 257, 258, 262, 277, 339
_PARTS = ((273, 279), (324, 325))  # offsets and lengths of a TIFF's strips and tiles
_WHITE_IS_ZERO = 0


@dataclass(frozen=True)
class OpenedImage:
    """A decoded picture.

    Attributes:
        image: its pixels, upright.
        format: of the file.
        bits: of a sample, as they are stored; 16 where Pillow may have dropped half of them.
        orientation: its EXIF orientation, 1 to 8; 1 where the picture is stored upright.
    """

    image: Image.Image
    format: Format
    bits: int
    orientation: int


def open_image(
    path: Path, noun: str, fix: str = "Copy it again, or convert it.", max_pixels: int = MAX_PIXELS
) -> OpenedImage:
    """Read, check and decode a file, and turn the picture upright as its EXIF orientation says.

    Args:
        path: a BMP, JPEG, PNG, TIFF or WebP file, whatever its suffix.
        noun: what it is, for messages: `picture`, `mask`.
        fix: what to do about a file that cannot be decoded.
        max_pixels: a file that claims more is refused before its pixels are decoded.

    Raises:
        DataError: the file cannot be read, is damaged, truncated, too large, an animation or of several pages.
    """
    with _refusing(f"{noun} {path}", fix, max_pixels):
        return _decode(path.read_bytes(), max_pixels)


def open_image_bytes(
    data: bytes, subject: str, max_pixels: int = MAX_PIXELS, fix: str = "Copy it again, or convert it."
) -> OpenedImage:
    """As `open_image`, of a file that is in memory.

    Args:
        data: of the file.
        subject: what it is, for messages: `picture beach.png`.
        max_pixels: a file that claims more is refused before its pixels are decoded.
        fix: what to do about a file that cannot be decoded.

    Raises:
        DataError: as `open_image`.
        TooLarge: more pixels.
    """
    with _refusing(subject, fix, max_pixels):
        return _decode(data, max_pixels)


def upright_size(path: Path, noun: str = "picture", fix: str = "Copy it again, or convert it.") -> tuple[int, int]:
    """Height and width of a picture as it is shown upright, of most files without decoding their pixels.

    Raises:
        DataError: as `open_image`, but for damage that only the pixels show.
    """
    with _refusing(f"{noun} {path}", fix):
        header = _read_header(path.read_bytes(), MAX_PIXELS)
        width, height = header.size
        return (width, height) if header.orientation > 4 else (height, width)


class _ManyPixels(Exception):
    """The size of a picture with more pixels than it may have."""


@contextmanager
def refusing_broken_palettes(subject: str, fix: str) -> Iterator[None]:
    """Turn what Pillow raises when it needs the colours of a broken palette into DataError."""
    try:
        yield
    except (AssertionError, ValueError) as error:
        found = f"a broken one ({error})" if str(error) else "a broken one"
        raise DataError(subject, "have a whole palette", found, fix) from error


@contextmanager
def _refusing(subject: str, fix: str, max_pixels: int = MAX_PIXELS) -> Iterator[None]:
    """Give whatever is raised on a file as a DataError that names it."""
    try:
        yield
    except MemoryError as error:
        raise DataError(subject, "fit into memory", "too little memory", "Make it smaller.") from error
    except _ManyPixels as error:
        must = f"have at most {max_pixels:,} pixels"
        raise TooLarge(subject, must, str(error), "Make it smaller.") from error
    except Exception as error:  # Pillow raises nearly anything on damaged files
        if is_machine_fault(error):
            raise
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(subject, "be readable", error.strerror or str(error), "Check the file.") from error
        raise DataError(subject, f"be a whole {FORMATS} picture", str(error).rstrip("."), fix) from error


def _decode(data: bytes, max_pixels: int) -> OpenedImage:
    header = _read_header(data, max_pixels)
    image = header.image
    image.load()
    if header.format != "TIFF" and header.orientation > 1:  # Pillow turns a TIFF itself
        image = image.transpose(_TURNS[header.orientation])
    return OpenedImage(image, header.format, header.bits, header.orientation)


@dataclass(frozen=True)
class _Header:
    """What is known before the pixels are decoded; `size` is width and height as they are stored."""

    image: Image.Image
    size: tuple[int, int]
    format: Format
    bits: int
    orientation: int


def _read_header(data: bytes, max_pixels: int) -> _Header:
    name = find_format(data)
    check_whole(data, name)
    image: Any = _READERS[name](io.BytesIO(data))
    width, height = image.size
    if width * height > max_pixels:
        raise _ManyPixels(f"{height:,}x{width:,}, height x width")
    if name != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise ValueError(f"{image.n_frames} pages" if name == "TIFF" else "an animation")
    bits = data[24] if name == "PNG" else 8
    if name == "TIFF":
        bits = _check_tiff(image.tag_v2, len(image.getbands()), len(data))
        width, height = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
    has_orientation = name != "PNG" or any(sign in data for sign in _PNG_ORIENTATIONS)
    orientation = image.getexif().get(_ORIENTATION, 1) if has_orientation else 1
    return _Header(image, (width, height), name, bits, orientation if orientation in _TURNS else 1)


def _check_tiff(tags: Any, bands: int, length: int) -> int:
    """Bits a sample; raises ValueError where Pillow would drop channels, clip or invert samples, or fill up pixels."""
    for offsets, lengths in _PARTS:
        if any(at + count > length for at, count in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)):
            raise ValueError(f"a truncated TIFF ({length} bytes)")
    bits: int = max(tags.get(_BITS, (1,)))
    if any(kind != 1 for kind in tags.get(_SAMPLE_FORMAT, (1,))):
        raise ValueError("signed or floating-point samples")
    if bits not in {1, 2, 4, 8, 16}:
        raise ValueError(f"{bits} bits a sample")
    if bits == 16 and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        raise ValueError("16 bits a sample with 0 as white")
    if tags.get(_SAMPLES, 1) != bands:
        raise ValueError(f"{tags.get(_SAMPLES, 1)} samples a pixel, of which {bands} have a meaning")
    return bits
