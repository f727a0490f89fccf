"""A mask file to a hole: which pixels of a black and white picture, or of an alpha channel, are missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bench.errors import DataError
from bench.image_files.opening import OpenedImage, open_image, refusing_broken_palettes

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from bench.vocabulary import Hole

__all__ = ["DecodedMask", "HoleSign", "MaskLevels", "read_levels", "read_mask"]

HoleSign: TypeAlias = Literal["white", "black", "opaque", "transparent"]
"""What the missing pixels of a mask are. `white` and `opaque` mean from half of full scale up, the others below it."""

_HALF = 128
_GREY_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
_DEEP_MODES = frozenset({"I", "I;16", "I;16B"})
_QUARTER = 64
"""Of full scale; JPEG files shift white and black by less, and their channels differ by less."""


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


@dataclass(frozen=True)
class MaskLevels:
    """The values of a mask file, before it is said which of them are missing.

    Attributes:
        grey: [H, W], uint8 or uint16, upright.
        full: full scale of `grey`: 255 or 65535.
        alpha: uint8 [H, W], or None where the file is opaque all over.
        unclear: as of DecodedMask, whatever the alpha channel says.
        orientation: as of DecodedMask.
    """

    grey: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    full: int
    alpha: npt.NDArray[np.uint8] | None
    unclear: float
    orientation: int

    @property
    def bright(self) -> npt.NDArray[np.bool_]:
        """bool [H, W]: the pixels from half of full scale up."""
        found: npt.NDArray[np.bool_] = self.grey >= (self.full + 1) // 2
        return found

    @property
    def visible(self) -> npt.NDArray[np.bool_]:
        """bool [H, W]: the pixels that are opaque rather than transparent."""
        return np.ones(self.grey.shape, np.bool_) if self.alpha is None else self.alpha >= _HALF


def read_levels(path: Path) -> MaskLevels:
    """Decode a mask file of 1 to 16 bits a sample, with its EXIF orientation; colours become grey.

    Raises:
        DataError: as `open_image`, and for CMYK and other modes.
    """
    fix = "Correct or remove it."
    opened = open_image(path, "mask", fix)
    with refusing_broken_palettes(f"mask {path}", fix):
        channels = _channels(path, opened)
    return MaskLevels(*channels, opened.orientation)


def read_mask(path: Path, sign: HoleSign = "white") -> DecodedMask:
    """Decode a mask file, as `read_levels` does, to the hole that `sign` makes of it.

    A mask with transparent pixels is a layer of strokes: its visible pixels are the hole, and they
    must all have the colour of the hole. `opaque` and `transparent` look at the alpha channel alone.

    Raises:
        DataError: as `read_levels`, and for a mask in which all or nothing is missing, transparent pixels whose meaning
            `sign` does not give, and no alpha channel where `sign` names it.
    """
    levels = read_levels(path)
    if sign in {"opaque", "transparent"}:
        hole = _by_alpha(path, levels, sign)
    else:
        hole = ~levels.bright if sign == "black" else levels.bright
        if levels.alpha is not None:
            hole = _strokes(path, hole, levels.visible, sign)
    if not hole.any() or hole.all():
        _refuse_uniform(path, levels.grey, levels.full, levels.alpha)
    return DecodedMask(hole, 0.0 if levels.alpha is not None else levels.unclear, levels.orientation)


def _channels(
    path: Path, opened: OpenedImage
) -> tuple[npt.NDArray[np.uint8] | npt.NDArray[np.uint16], int, npt.NDArray[np.uint8] | None, float]:
    """Grey values [H, W], full scale, alpha channel [H, W] (None: opaque all over), and the share of unclear pixels."""
    image = opened.image
    if image.mode in _DEEP_MODES and opened.bits == 16 and not image.has_transparency_data:
        deep = np.asarray(image).astype(np.uint16)
        return deep, 65535, None, float(np.mean(_between(deep // 256)))
    if image.mode not in _GREY_MODES:
        fix = "Convert it to 8-bit grey."
        raise DataError(f"mask {path}", "be black and white, grey, palette or RGB", f"mode {image.mode}", fix)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        alpha = None if alpha.min() == 255 else alpha
    if image.mode not in {"1", "L"}:
        image = image.convert("RGB")
    grey = np.asarray(image.convert("L"))
    return grey, 255, alpha, float(np.mean(_between(grey) | _coloured(image)))


def _by_alpha(path: Path, levels: MaskLevels, sign: HoleSign) -> Hole:
    if levels.alpha is None:
        raise DataError(
            f"mask {path}", f"have transparent pixels (hole={sign})", "none", "Say hole=white or hole=black instead."
        )
    return levels.visible if sign == "opaque" else ~levels.visible


def _strokes(path: Path, coloured: Hole, visible: Hole, sign: HoleSign) -> Hole:
    """The visible pixels, if all of them have the colour of the hole; else the transparent ones may mean anything."""
    others = int(np.count_nonzero(visible & ~coloured))
    if others:
        raise DataError(
            f"mask {path}",
            f"be opaque, or hold nothing but {sign} strokes on a transparent layer",
            f"{visible.size - int(np.count_nonzero(visible))} transparent pixels beside {others} visible ones that are "
            f"not {sign}",
            "Say hole=transparent or hole=opaque, whichever is missing (behind the name of a folder: ?hole=opaque).",
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


def _between(grey: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """The pixels between 1/4 and 3/4 of a full scale of 255."""
    found: npt.NDArray[np.bool_] = (grey >= _QUARTER) & (grey < 3 * _QUARTER)
    return found


def _coloured(image: Image) -> npt.NDArray[np.bool_] | bool:
    """The pixels that are a colour; False of a grey picture."""
    if image.mode != "RGB":
        return False
    red, green, blue = map(
        np.asarray, image.split()
    )  # three arrays: a reduction over an axis of 3 takes 20 times as long
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    found: npt.NDArray[np.bool_] = high - low > _QUARTER
    return found
