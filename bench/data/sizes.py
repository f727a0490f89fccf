"""One sizing rule for every dataset: centre crop to the target aspect, then area for pictures, nearest for labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from bench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bench.vocabulary import Picture

__all__ = ["SIZING", "Size", "centre_crop", "check_size", "parse_size", "resize_labels", "resize_picture"]

Size: TypeAlias = tuple[int, int]  # height, width

SIZING = "centre-crop, box, nearest, 1"
"""Name and version of the rule; part of every revision."""


def parse_size(text: str) -> Size | None:
    """Read `256` (square), `256x512` (height x width) or `native` (None: every picture as large as it is).

    Raises UsageError on anything else.
    """
    if text == "native":
        return None
    match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", text)
    if not match or 0 in (height := int(match[1]), width := int(match[2] or match[1])):
        raise UsageError(
            "size", "be SIDE, HEIGHTxWIDTH or 'native'", repr(text), "Give 256, 256x512 (256 high, 512 wide) or native."
        )
    return height, width


def check_size(size: Size | None) -> None:
    """Raise UsageError unless `size` is None or (height, width), both positive integers."""
    if size is None:
        return
    if not isinstance(size, tuple) or len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        raise UsageError("size", "be (height, width) in pixels, or None", repr(size), "Give size=(256, 512), say.")


def centre_crop(shape: Sequence[int], size: Size) -> tuple[int, int, int, int]:
    """The largest centred part of an array [H, W, ...] of `shape` that has the aspect of `size`.

    Returns:
        top, left, height, width in whole pixels; the margins on two sides differ by at most one pixel.
    """
    height, width = shape[0], shape[1]
    target_height, target_width = size
    crop_height = min(height, max(1, _divide(width * target_height, target_width)))
    crop_width = min(width, max(1, _divide(height * target_width, target_height)))
    return (height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width


def resize_picture(picture: Picture, size: Size) -> Picture:
    """Crop and resize uint8 [H, W, 3] to `size`; a pixel is the mean of the pixels that it covers (Pillow's BOX)."""
    import numpy as np
    from PIL import Image

    top, left, height, width = centre_crop(picture.shape, size)
    crop = np.ascontiguousarray(picture[top : top + height, left : left + width])
    return np.array(Image.fromarray(crop).resize((size[1], size[0]), Image.Resampling.BOX))


def resize_labels(labels: npt.NDArray[np.uint8], size: Size) -> npt.NDArray[np.uint8]:
    """Crop and resize uint8 [H, W] to `size`; a pixel takes the label under its centre, never a blend of two."""
    import numpy as np

    top, left, height, width = centre_crop(labels.shape, size)
    rows = top + (2 * np.arange(size[0]) + 1) * height // (2 * size[0])  # floor((i + 1/2) * height / target height)
    columns = left + (2 * np.arange(size[1]) + 1) * width // (2 * size[1])
    return labels[rows[:, None], columns]


def _divide(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)  # to the nearest integer, halves up
