"""A picture and its mask as people have them: files, Pillow's pictures, arrays. What would need a guess is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["PictureSource", "read_mask", "read_picture"]

PictureSource: TypeAlias = "str | Path | Image.Image | npt.NDArray[Any]"

_MODES = ("1", "L", "P", "RGB")


def read_picture(source: PictureSource) -> npt.NDArray[np.uint8]:
    """A picture as uint8 [H, W, 3] RGB.

    Args:
        source: a file, a picture of Pillow (mode RGB, L, P or 1, 8 bits a sample, opaque; an orientation in its EXIF
            data is applied), or a uint8 array [H, W, 3] or [H, W].

    Raises:
        TypeError, ValueError: it is none of these; the message says how to convert it.
    """
    if isinstance(source, np.ndarray):
        return _rgb_of("image", source)
    return np.asarray(_open("image", source).convert("RGB"))


def read_mask(source: PictureSource, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask as bool [H, W], True = missing.

    Args:
        source: as for `read_picture`, or a bool array [H, W]; a pixel is missing where its grey value is at least 128.
        size: height and width of the picture.

    Raises:
        TypeError, ValueError: it is none of these, of another size, or all or nothing is missing.
    """
    if isinstance(source, np.ndarray):
        if source.dtype != np.bool_:
            source = np.asarray(Image.fromarray(_rgb_of("mask", source)).convert("L")) >= 128
        hole = source.reshape(source.shape[:2]) if source.shape[2:] == (1,) else source
    else:
        hole = np.asarray(_open("mask", source).convert("L")) >= 128
    if hole.shape != size:
        found = "x".join(map(str, hole.shape))
        raise ValueError(f"mask must be as large as the image, {size[0]}x{size[1]}; found {found}. Resize it.")
    if hole.all() or not hole.any():
        share = "every pixel" if hole.all() else "no pixel"
        raise ValueError(
            f"mask must be white (255) in the hole and black (0) elsewhere; found that {share} is missing. "
            "Masks of 0 and 1 become white by mask * 255; masks with a black hole by 255 - mask."
        )
    return hole


def _open(noun: str, source: object) -> Image.Image:
    """The decoded picture, upright, in one of the modes that hold opaque pixels of 8 bits."""
    if isinstance(source, Image.Image):
        return _check_mode(noun, source, ImageOps.exif_transpose(source))
    if not isinstance(source, str | Path):
        raise TypeError(
            f"{noun} must be a path, a picture of Pillow or a NumPy array; found {type(source).__name__}. "
            "Call complete with tensors."
        )
    try:
        with Image.open(source) as picture:
            frames = getattr(picture, "n_frames", 1)
            if frames > 1 and picture.format != "MPO":  # phones: the first is the picture
                raise ValueError(f"{noun} {source} must be one picture; found {frames} frames. Keep one.")
            if any(";16" in str(tile) for tile in getattr(picture, "tile", ())):
                raise ValueError(f"{noun} {source} must have 8 bits a sample; found 16. Convert it.")
            picture.load()
            return _check_mode(f"{noun} {source}", picture, ImageOps.exif_transpose(picture))
    except ValueError:
        raise
    except Exception as error:  # Pillow raises nearly anything on damaged files
        raise ValueError(f"{noun} {source} must be a readable picture; found {error}. Check the file.") from error


def _check_mode(noun: str, stored: Image.Image, upright: Image.Image) -> Image.Image:
    if stored.has_transparency_data:
        upright = upright.convert("RGBA")
        if np.asarray(upright.getchannel("A")).min() < 255:
            raise ValueError(
                f"{noun} must be opaque; found transparent pixels. "
                "Paste it on a background, or pass 255 minus its alpha channel as the mask of a picture in RGB."
            )
        return upright.convert("RGB")
    if stored.mode not in _MODES:
        raise ValueError(f"{noun} must be in mode {', '.join(_MODES)}; found {stored.mode}. Convert it to 8 bits RGB.")
    return upright


def _rgb_of(noun: str, array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    _check_array(noun, array)
    return np.broadcast_to(array.reshape(*array.shape[:2], -1), (*array.shape[:2], 3)).copy()


def _check_array(noun: str, array: npt.NDArray[Any]) -> None:
    if array.dtype != np.uint8:
        fix = "Multiply floats in [0, 1] by 255, round them and call astype(np.uint8)."
        raise TypeError(f"{noun} must be uint8, 0 to 255; found {array.dtype}. {fix}")
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))) or not array.size:
        raise ValueError(
            f"{noun} must be [H, W, 3] or [H, W]; found {list(array.shape)}. Channels of arrays come last, and a batch "
            "goes picture by picture."
        )
