"""What the public functions take, brought into one form: tensors, NumPy arrays and Pillow's pictures, one or several.

The type of an argument decides its layout: tensors have their channels before the rows, arrays and Pillow's pictures
behind the columns. Nothing is rescaled, resized or guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
import torch

from bench.errors import DataError
from bench.metrics.arguments import check_pair, check_picture, check_region, describe, describe_values, suggest_layout
from bench.pictures import stack_pictures

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

__all__ = ["ArrayInput", "convert_labels", "convert_mask", "convert_pictures", "score_pictures"]

Single: TypeAlias = "torch.Tensor | npt.NDArray[Any] | Image.Image"
ArrayInput: TypeAlias = "Single | Sequence[Single]"
"""A picture, a mask or a label map, or several."""

_PICTURES = (
    "be a uint8 tensor [N, 3, H, W] or [3, H, W], a uint8 array [N, H, W, 3] or [H, W, 3], or RGB pictures of Pillow"
)
_MASKS = "be a bool array [N, H, W], or a bool tensor [N, 1, H, W]"
_LABELS = "be an integer tensor or array [N, H, W] or [H, W] of class indices, or pictures of Pillow that hold them"


def score_pictures(
    score: Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor],
    reference: ArrayInput,
    completed: ArrayInput,
    region: ArrayInput | None = None,
) -> torch.Tensor:
    """A score of pictures in any accepted form.

    Args:
        score: uint8 [N, 3, H, W] twice, and bool [N, 1, H, W] or None, to float64 [N].
        reference: pictures, see `convert_pictures`.
        completed: pictures, as many and as large.
        region: masks, see `convert_mask`; None for all pixels.

    Returns:
        float64 [N]; where both arguments are a single picture, float64 without axes, which `float` takes.

    Raises:
        DataError: an argument is not what it must be.
    """
    truth, one_truth = convert_pictures("reference picture", reference)
    answer, one_answer = convert_pictures("completed picture", completed)
    check_pair(truth, answer)
    values = score(truth, answer, None if region is None else convert_mask("region", region, truth))
    return values[0] if one_truth and one_answer else values


def convert_pictures(subject: str, value: object) -> tuple[torch.Tensor, bool]:
    """Pictures in one form, and whether there is a single one, without a batch axis.

    Args:
        subject: what they are, for messages.
        value: a uint8 tensor [N, 3, H, W] or [3, H, W], a uint8 array [N, H, W, 3] or [H, W, 3], a picture of Pillow in
            mode RGB (an orientation in its EXIF data is applied), or a list of single ones of one size.

    Returns:
        uint8 [N, 3, H, W]; a tensor with a batch axis comes back as it is.

    Raises:
        DataError: it is none of these, or its layout is ambiguous: 3 pixels where channels could be.
    """
    if isinstance(value, list | tuple):
        return _stack(subject, [_convert_picture(f"{subject} {row}", item) for row, item in enumerate(value)]), False
    if isinstance(value, torch.Tensor) and value.ndim != 3:
        return check_picture(subject, value), False
    if isinstance(value, np.ndarray) and value.ndim == 4:
        return stack_pictures(list(_check_array(subject, value))), False
    return _convert_picture(subject, value), True


def convert_mask(subject: str, value: object, like: torch.Tensor) -> torch.Tensor:
    """Masks in one form.

    Args:
        subject: what they are, for messages.
        value: bool, or uint8 that holds 0 and 255 alone (255 = True): a tensor [N, 1, H, W], an array [N, H, W] or
            [N, H, W, 1], of a single picture also [H, W] with or without an axis for the channel, a picture of Pillow
            in mode 1 or L, or a list of single ones.
        like: the pictures, [N, C, H, W].

    Returns:
        bool [N, 1, H, W].

    Raises:
        DataError: it is none of these, or of another size.
    """
    batch, _, height, width = like.shape
    if isinstance(value, list | tuple):
        value = _stack(subject, [convert_mask(f"{subject} {row}", item, like[:1]) for row, item in enumerate(value)])
    mask = _convert_to_bool(subject, value)
    if isinstance(value, torch.Tensor):
        if batch == 1 and list(mask.shape) in ([height, width], [1, height, width]):
            return mask.reshape(1, 1, height, width)
        check_region(subject, mask, like)
        return mask
    shapes = [[batch, height, width], [batch, height, width, 1]]
    if batch == 1:
        shapes = [[height, width], [height, width, 1], *shapes]
    if list(mask.shape) not in shapes:
        must = f"have the shape {' or '.join(map(str, shapes[:2]))}"
        raise DataError(subject, must, describe(value), "Metrics never resize: make it as large as the pictures.")
    return mask.reshape(batch, 1, height, width)


def convert_labels(subject: str, value: object) -> tuple[torch.Tensor, bool]:
    """Label maps as an integer tensor [N, H, W], and whether there is a single one, without a batch axis.

    Raises:
        DataError: it is no integer tensor or array [N, H, W] or [H, W], no picture of Pillow in mode L, P (its indices
            count), I or I;16, and no list of single maps of one size.
    """
    if isinstance(value, list | tuple):
        return _stack(subject, [_convert_label_map(f"{subject} {row}", item) for row, item in enumerate(value)]), False
    labels: object = value
    if _is_pillow(value):
        if value.mode not in ("L", "P", "I", "I;16"):
            found = f"a picture of Pillow in mode {value.mode}"
            raise DataError(subject, _LABELS, found, "Map colours to class indices first.")
        labels = np.asarray(_turn_upright(value))
    if isinstance(labels, np.ndarray):
        if labels.dtype.kind not in "iu" or labels.dtype == np.uint64:
            raise DataError(subject, _LABELS, describe(labels), "Take argmax over the classes of probabilities.")
        kind = {"uint16": "int32", "uint32": "int64"}.get(labels.dtype.name, labels.dtype.name)  # native, for torch
        labels = torch.from_numpy(np.array(labels, kind, order="C"))
    if not isinstance(labels, torch.Tensor):
        raise DataError(subject, _LABELS, f"a {describe(value)}", "Use torch.from_numpy.")
    return (labels.unsqueeze(0), True) if labels.ndim == 2 else (labels, False)


def _convert_picture(subject: str, value: object) -> torch.Tensor:
    """A single picture as uint8 [1, 3, H, W]."""
    if isinstance(value, torch.Tensor):
        if value.ndim == 3 and value.shape[0] == 3:
            _check_layout(subject, value, value.shape[2])
            return check_picture(subject, value.unsqueeze(0))
        found, fix = (describe(value), suggest_layout(value))
        if value.is_floating_point():
            found, fix = describe_values(value)
        raise DataError(subject, _PICTURES, found, fix)
    if _is_pillow(value):
        if value.mode != "RGB":
            fix = 'Convert it: picture.convert("RGB") drops transparency and gives grey three equal channels.'
            raise DataError(subject, _PICTURES, f"a picture of Pillow in mode {value.mode}", fix)
        return stack_pictures([np.asarray(_turn_upright(value))])
    if not isinstance(value, np.ndarray):
        raise DataError(subject, _PICTURES, f"a {describe(value)}", "Open a file with PIL.Image.open.")
    array = _check_array(subject, value)
    if array.ndim == 4:
        raise DataError(subject, "be a single picture [H, W, 3]", describe(array), "Give a list of single pictures.")
    _check_layout(subject, array, array.shape[0])
    return stack_pictures([array])


def _convert_label_map(subject: str, value: object) -> torch.Tensor:
    labels, single = convert_labels(subject, value)
    if not single:
        raise DataError(subject, "be a single label map [H, W]", describe(value), "Give a list of single maps.")
    return labels


def _convert_to_bool(subject: str, value: object) -> torch.Tensor:
    """A mask of any shape: True and False, or 255 and 0."""
    array: object = value
    if _is_pillow(value):
        if value.mode not in ("1", "L"):
            found = f"a picture of Pillow in mode {value.mode}"
            raise DataError(subject, _MASKS, found, 'Convert it: mask.convert("L").')
        array = np.asarray(_turn_upright(value))
    if isinstance(array, np.ndarray) and array.dtype in (np.bool_, np.uint8):
        array = torch.from_numpy(np.array(array, order="C"))
    if isinstance(array, torch.Tensor) and array.dtype == torch.bool:
        return array
    if isinstance(array, torch.Tensor) and array.dtype == torch.uint8 and bool(((array == 0) | (array == 255)).all()):
        return array == 255
    fix = "Compare it with a threshold, e.g. mask > 0.5; True marks the pixels that count."
    raise DataError(subject, _MASKS, describe(value), fix)


def _check_array(subject: str, array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The array itself; raises DataError unless it is uint8 [H, W, 3] or [N, H, W, 3]."""
    found, fix = f"a {describe(array)}", "Give RGB pictures."
    if array.dtype.kind == "f":
        values, fix = describe_values(array)
        raise DataError(subject, _PICTURES, f"a {values}", fix)
    if array.dtype != np.uint8:
        raise DataError(subject, _PICTURES, found, "Convert it to uint8, values 0 to 255.")
    if array.ndim in (3, 4) and array.shape[-1] == 3:
        return array
    if array.ndim in (3, 4) and array.shape[-3] == 3:
        fix = "Arrays have their channels last: use np.moveaxis(picture, -3, -1), or torch.from_numpy."
    elif array.ndim == 2 or array.shape[-1:] == (1,):
        fix = "Grey pictures are not compared with RGB definitions: repeat the channel if that is meant."
    raise DataError(subject, _PICTURES, found, fix)


def _check_layout(subject: str, value: torch.Tensor | npt.NDArray[Any], other_end: int) -> None:
    """Raises DataError for a single picture that could have its channels at either end."""
    if other_end == 3:
        must = "have channels at one end of its shape only"
        raise DataError(subject, must, describe(value), "Give a tensor [N, 3, H, W], whose layout is fixed.")


def _stack(subject: str, singles: Sequence[torch.Tensor]) -> torch.Tensor:
    """Tensors [1, ...] of one kind as one [N, ...]."""
    if len({(single.shape[1:], single.device, single.dtype) for single in singles}) != 1:
        found = " and ".join(describe(single[0]) for single in singles[:3]) or "an empty list"
        raise DataError(subject, "be a list of items of one size and type", found, "Score them one by one.")
    return torch.cat(list(singles))


def _is_pillow(value: object) -> TypeGuard[Image.Image]:
    from PIL import Image

    return isinstance(value, Image.Image)


def _turn_upright(picture: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture)
