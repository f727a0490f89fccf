"""An uploaded file to a picture of a session's size; what cannot be read exactly is refused in words."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bench.editor.edited_picture import EditedPicture
from bench.errors import DataError, TooLarge
from bench.image_files.decode import decode_picture_bytes
from bench.image_files.sizes import centre_crop, resize_picture
from bench.vocabulary import Sample

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["MOST_BYTES", "MOST_PIXELS", "SIDES", "read_upload"]

MOST_BYTES = 20_000_000
"""Of an uploaded file."""

MOST_PIXELS = 50_000_000
"""Of an uploaded picture. A file that claims more is refused before its pixels are decoded."""

SIDES = (128, 256, 512)
"""Choices of the shorter side, in pixels."""

_SMALLEST, _MULTIPLE, _MOST_ASPECT = 32, 8, 3
_CHARACTERS = 60


def read_upload(data: bytes, name: str, side: int) -> EditedPicture:
    """Decode an uploaded file from memory and bring it to size; no file is written.

    The shorter side becomes at most `side`, and both sides multiples of 8 by a centre crop; a longer side of more than
    three shorter ones is cropped. The picture is turned upright as its EXIF orientation says.

    Args:
        data: of a BMP, JPEG, PNG, TIFF or WebP file.
        name: of the file, for messages.
        side: one of SIDES.

    Returns:
        The picture; its id follows from its pixels, so that the same file gives the same fills.

    Raises:
        DataError: no picture that is read exactly: see `bench.image_files.decode.decode_picture`; or fewer than 32
            pixels a side.
        TooLarge: more than MOST_BYTES or MOST_PIXELS.
    """
    shown = "".join(letter for letter in name if letter.isprintable())[:_CHARACTERS]
    subject = f"picture {shown}".strip()
    if len(data) > MOST_BYTES:
        raise TooLarge(subject, f"have at most {MOST_BYTES:,} bytes", f"{len(data):,}", "Make it smaller.")
    decoded = decode_picture_bytes(data, subject, MOST_PIXELS)
    height, width = decoded.pixels.shape[:2]
    if min(height, width) < _SMALLEST:
        found = f"{height}x{width}, height x width"
        raise DataError(subject, f"have at least {_SMALLEST} pixels a side", found, "Take a larger one.")
    pixels = _sized(decoded.pixels, side)
    sample = Sample(f"upload-{hashlib.sha256(pixels.tobytes()).hexdigest()[:12]}", pixels)
    return EditedPicture(sample, note=_note((height, width), pixels, turned=decoded.orientation > 1))


def _sized(picture: Picture, side: int) -> Picture:
    height, width = picture.shape[:2]
    shorter, most = min(height, width), _MOST_ASPECT * min(height, width)
    height, width = min(height, most), min(width, most)
    scale = min(1.0, side / shorter)
    target = tuple(max(_MULTIPLE, round(length * scale) // _MULTIPLE * _MULTIPLE) for length in (height, width))
    if scale == 1.0:  # cropped and not resampled
        top, left = ((length - wanted) // 2 for length, wanted in zip(picture.shape[:2], target, strict=True))
        return picture[top : top + target[0], left : left + target[1]].copy()
    return resize_picture(picture, (target[0], target[1]))


def _note(size: tuple[int, int], pixels: Picture, *, turned: bool) -> str:
    """What was done to a picture, a sentence for the page; empty where nothing was."""
    height, width = pixels.shape[:2]
    parts = ["The picture is turned upright."] if turned else []
    if (height, width) == size:
        return " ".join(parts)
    kept = centre_crop((*size, 3), (height, width))[2:]
    done = "scaled" if min(kept) > min(height, width) else ""
    done = " and ".join(filter(None, ("cropped" if kept != size or not done else "", done)))
    return " ".join([*parts, f"The picture is {done} from {size[0]}x{size[1]} to {height}x{width} pixels."])
