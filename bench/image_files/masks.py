"""A mask file to a hole: which pixels of a black and white picture, or of an alpha channel, are missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bench.errors import DataError
from bench.image_files.opening import open_image

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from bench.vocabulary import Hole

__all__ = ["DecodedMask", "HoleSign", "read_mask"]

HoleSign: TypeAlias = Literal["white", "black", "opaque", "transparent"]
"""What the missing pixels of a mask are. `white` and `opaque` mean from half of full scale up, the others below it."""

_HALF = 128
_GREY_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
_DEEP_MODES = frozenset({"I", "I;16", "I;16B"})
_COLOURED = 64
"""Difference of two channels from which on a pixel is a colour; JPEG files shift white and black by less."""


@dataclass(frozen=True)
class DecodedMask:
    """What a mask file says.

    Attributes:
        hole: bool [H, W], True = missing, upright; some pixels are missing and some are not.
        unclear: share of the pixels that are coloured, or grey between 1/4 and 3/4 of full scale.
        orientation: EXIF orientation of the file, 1 to 8; 1 where it is stored upright.
    """

    hole: Hole
    unclear: float
    orientation: int


def read_mask(path: Path, sign: HoleSign = "white") -> DecodedMask:
    """Decode a mask file of 1 to 16 bits a sample, with its EXIF orientation.

    Colours become grey. A mask with transparent pixels is a layer of strokes: its visible pixels are the hole, and they
    must all have the colour of the hole. `opaque` and `transparent` look at the alpha channel alone.

    Raises:
        DataError: as `open_image`, and for CMYK and other modes, a mask in which all or nothing is missing, transparent
            pixels whose meaning `sign` does not give, and no alpha channel where `sign` names it.
    """
    opened = open_image(path, "mask", "Correct or remove it.")
    image = opened.image
    if image.mode in _DEEP_MODES and opened.bits == 16 and not image.has_transparency_data:
        grey, full, alpha = np.asarray(image).astype(np.uint16), 65535, None
        unclear = _share_between(np.bincount((grey >> 8).ravel(), minlength=256))
    elif image.mode in _GREY_MODES:
        alpha = _alpha(image)
        colours = image.convert("RGB") if image.mode not in {"1", "L"} else image
        grey, full = np.asarray(colours.convert("L")), 255
        unclear = _share_between(colours.convert("L").histogram()) + _share_coloured(colours)
    else:
        raise DataError(
            f"mask {path}",
            "be black and white, grey, palette or RGB",
            f"mode {image.mode}",
            "Convert it to 8-bit grey.",
        )
    if sign in {"opaque", "transparent"}:
        hole = _by_alpha(path, alpha, sign)
        unclear = 0.0
    else:
        hole = grey < (full + 1) // 2 if sign == "black" else grey >= (full + 1) // 2
        if alpha is not None:
            hole = _strokes(path, hole, alpha, sign)
            unclear = 0.0
    if not hole.any() or hole.all():
        _refuse_uniform(path, grey, full, alpha)
    return DecodedMask(hole, min(1.0, unclear), opened.orientation)


def _alpha(image: Image) -> npt.NDArray[np.uint8] | None:
    """uint8 [H, W], or None of a picture that is opaque all over."""
    if not image.has_transparency_data:
        return None
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    return None if alpha.min() == 255 else alpha


def _by_alpha(path: Path, alpha: npt.NDArray[np.uint8] | None, sign: HoleSign) -> Hole:
    if alpha is None:
        raise DataError(
            f"mask {path}", f"have transparent pixels (hole={sign})", "none", "Say hole=white or hole=black instead."
        )
    hole: Hole = alpha >= _HALF if sign == "opaque" else alpha < _HALF
    return hole


def _strokes(path: Path, coloured: Hole, alpha: npt.NDArray[np.uint8], sign: HoleSign) -> Hole:
    """The visible pixels, if all of them have the colour of the hole; else the transparent ones may mean anything."""
    visible: Hole = alpha >= _HALF
    others = int(np.count_nonzero(visible & ~coloured))
    if others:
        raise DataError(
            f"mask {path}",
            f"be opaque, or hold nothing but {sign} strokes on a transparent layer",
            f"{alpha.size - int(np.count_nonzero(visible))} transparent pixels beside {others} visible ones that are "
            f"not {sign}",
            "Add ?hole=transparent or ?hole=opaque to the folder's name, whichever is missing in these files.",
        )
    return visible


def _refuse_uniform(
    path: Path, grey: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], full: int, alpha: npt.NDArray[np.uint8] | None
) -> None:
    if alpha is not None:
        found = f"alpha values {alpha.min()} to {alpha.max()}"
        raise DataError(
            f"mask {path}", f"have pixels on both sides of alpha value {_HALF}", found, "Correct or remove it."
        )
    raise DataError(
        f"mask {path}",
        f"have pixels on both sides of grey value {(full + 1) // 2}",
        f"grey values {grey.min()} to {grey.max()}",
        f"Masks are black and white (0 and {full}), not 0 and 1. Correct or remove it.",
    )


def _share_between(histogram: list[int] | npt.NDArray[np.int64]) -> float:
    """Share of the pixels between 1/4 and 3/4 of full scale, of a histogram of 256 steps."""
    return float(sum(histogram[64:192])) / float(sum(histogram))


def _share_coloured(image: Image) -> float:
    """Share of the pixels that are a colour and whose grey value is not counted as between already."""
    if image.mode != "RGB":
        return 0.0
    pixels = np.asarray(image)
    return float(np.mean(pixels.max(axis=2) - pixels.min(axis=2) > _COLOURED))
