"""One sizing rule for every dataset: centre crop to the target aspect, then area for pictures, nearest for labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from bench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bench.vocabulary import Picture

    Scalar = TypeVar("Scalar", bound=np.generic)

__all__ = ["SIZING", "Size", "centre_crop", "check_size", "nearest", "parse_size", "resize_labels", "resize_picture"]

Size: TypeAlias = tuple[int, int]  # height, width

SIZING = "centre crop, area, nearest, v1"
"""Name and version of the rule; part of every revision."""


def parse_size(text: str) -> Size | None:
    """Read `256` (square), `256x512` (height x width) or `native` (None: every picture as large as it is).

    Raises UsageError on anything else.
    """
    if text == "native":
        return None
    match = re.fullmatch(r"([0-9]{1,6})(?:x([0-9]{1,6}))?", text)
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
    """Crop and resize uint8 [H, W, 3] to `size`: a pixel is the mean over the area that it covers, part pixels by part.

    Sums are exact integers, rounded once, half to even: the same bytes on every machine. OpenCV's INTER_AREA is the
    same mean when both sides shrink. (Pillow's BOX takes whole pixels only and aliases at factors such as 360 to 256.)
    """
    import numpy as np

    top, left, height, width = centre_crop(picture.shape, size)
    sums = _area_sums(picture[top : top + height, left : left + width], size[0])
    sums = _area_sums(sums.swapaxes(0, 1), size[1]).swapaxes(0, 1)
    return np.rint(sums / (height * width)).astype(np.uint8)


def resize_labels(labels: npt.NDArray[Scalar], size: Size) -> npt.NDArray[Scalar]:
    """Crop and resize a label map or hole, [H, W]; a pixel takes the label under its centre, never a blend."""
    top, left, height, width = centre_crop(labels.shape, size)
    return nearest(labels[top : top + height, left : left + width], *size)


def nearest(array: npt.NDArray[Scalar], height: int, width: int) -> npt.NDArray[Scalar]:
    """[h, w] to [height, width]: each pixel takes the value that its centre falls on, as Pillow's NEAREST."""
    import numpy as np

    if array.shape == (height, width):
        return array
    rows = (2 * np.arange(height) + 1) * array.shape[0] // (2 * height)  # floor((i + 1/2) * h / height)
    columns = (2 * np.arange(width) + 1) * array.shape[1] // (2 * width)
    return array[np.ix_(rows, columns)]


def _area_sums(values: npt.NDArray[Any], target: int) -> npt.NDArray[np.int64]:
    """Sum [N, ...] over `target` equal intervals of the first axis, in units of 1 / target of a pixel.

    Interval i runs from i * N / target to (i + 1) * N / target; pixels that it covers in part count in part.
    """
    import numpy as np

    length = len(values)
    pixel, part = np.divmod(np.arange(target + 1) * length, target)  # where the intervals begin and end
    whole = np.add.reduceat(values, pixel[:-1], axis=0, dtype=np.int64)
    whole[pixel[:-1] == pixel[1:]] = 0  # reduceat gives the pixel itself for an empty range
    parts = values[np.minimum(pixel, length - 1)] * part.reshape(-1, *[1] * (values.ndim - 1))
    sums: npt.NDArray[np.int64] = target * whole + parts[1:] - parts[:-1]
    return sums


def _divide(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)  # to the nearest integer, halves up
