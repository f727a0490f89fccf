"""Label maps: one-hot coding, edits, and the checks that every public function makes first.

A label map is an integer tensor [N, H, W] of class indices with VOID where the class is unknown: inside the hole, and
where the dataset has no label. One-hot coded, an unknown pixel is all-zero: it belongs to no class, and there is no
extra class for it.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "VOID",
    "check_labels",
    "check_probabilities",
    "edit",
    "likeliest",
    "one_hot",
    "wrong_labels",
    "wrong_probabilities",
]

VOID = 255
"""Label of a pixel whose class is unknown."""

_HIGHEST = 1 + 1e-5  # of a probability: rounding may lift one over 1
_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_labels(
    labels: Tensor, classes: int, size: tuple[int, int, int] | None = None, *, values: bool = True
) -> None:
    """Raise unless `labels` is a label map.

    Args:
        labels: what must be integer [N, H, W] with values 0 to classes - 1, or VOID.
        classes: number of classes.
        size: the N, H, W that it must have, if known.
        values: whether its values are looked at, which waits for the device.

    Raises:
        TypeError: for another dtype.
        ValueError: for another shape, or a value that is no class.
    """
    if labels.dtype not in _INTEGERS:
        raise TypeError(
            f"labels must be integer; found {_dtype(labels)}. Take the class of highest probability, or convert them."
        )
    if labels.ndim != 3 or (size is not None and tuple(labels.shape) != size):
        must = list(size) if size is not None else "[N, H, W]"
        raise ValueError(
            f"labels must be {must}, as large as the image and without a channel axis; found {list(labels.shape)}. "
            "Resize them with nearest neighbours."
        )
    if not values:
        return
    wrong = labels[wrong_labels(labels, classes)]
    if wrong.numel():
        raise ValueError(
            f"labels must be 0 to {classes - 1}, or {VOID} where unknown; found {int(wrong.flatten()[0])}. "
            "Map the dataset's ids to class indices."
        )


def wrong_labels(labels: Tensor, classes: int) -> Tensor:
    """Where a value is neither a class nor VOID: bool of the labels' shape."""
    return ((labels < 0) | (labels >= classes)) & (labels != VOID)


def check_probabilities(
    probabilities: Tensor, classes: int, size: tuple[int, int, int], *, values: bool = True
) -> None:
    """Raise unless `probabilities` is float [N, C, H, W] with values in [0, 1].

    Args:
        probabilities: what is checked.
        classes: number of classes C.
        size: N, H and W.
        values: whether its values are looked at, which waits for the device.

    Raises:
        TypeError: for another dtype.
        ValueError: for another shape or range.
    """
    if not probabilities.is_floating_point():
        raise TypeError(
            f"class probabilities must be floating-point; found {_dtype(probabilities)}. "
            "Pass a label map as integer [N, H, W]."
        )
    must = [size[0], classes, *size[1:]]
    if list(probabilities.shape) != must:
        raise ValueError(
            f"class probabilities must be {must}; found {list(probabilities.shape)}. Give one channel a class."
        )
    if not values:
        return
    low, high = (float(value) for value in probabilities.aminmax())
    if not (low >= 0 and high <= _HIGHEST):  # also false for NaN
        raise ValueError(
            f"class probabilities must be in [0, 1]; found {low:.4g} to {high:.4g}. Take the softmax of the logits."
        )


def wrong_probabilities(probabilities: Tensor) -> Tensor:
    """Whether some probability is outside [0, 1] or NaN: bool, one value."""
    return ~((probabilities >= 0) & (probabilities <= _HIGHEST)).all()


def one_hot(labels: Tensor, classes: int, hole: Tensor | None = None) -> Tensor:
    """One-hot coding, all-zero where the class is unknown.

    Args:
        labels: integer [N, H, W], VOID where unknown. Values are not checked: what is no class is coded all-zero, too.
        classes: number of classes C.
        hole: bool [N, 1, H, W]; its pixels are all-zero too, whatever their label.

    Returns:
        float32 [N, C, H, W].
    """
    indices = torch.arange(classes, dtype=labels.dtype, device=labels.device)
    coded = (labels[:, None] == indices[:, None, None]).float()
    return coded if hole is None else coded.masked_fill_(hole, 0)


def likeliest(scores: Tensor) -> Tensor:
    """The class of the highest score, the first of several: uint8 [N, H, W] from floating-point [N, C, H, W].

    The same as `argmax`, which is many times slower on several cores of a processor.
    """
    return scores.max(dim=1).indices.to(torch.uint8)


def edit(labels: Tensor, mask: Tensor, class_index: int) -> Tensor:
    """A copy of the label map with a part painted over.

    Args:
        labels: integer [N, H, W], e.g. `Completion.labels`.
        mask: bool [H, W] or [N, H, W], True = paint here.
        class_index: class to paint, or VOID to leave that part to the network.

    Raises:
        TypeError: for another dtype.
        ValueError: for another shape, or a number that cannot be a class.
    """
    check_labels(labels, VOID)
    if mask.dtype != torch.bool:
        raise TypeError(f"mask must be bool; found {_dtype(mask)}. Compare it with a threshold.")
    if mask.shape not in (labels.shape, labels.shape[1:]):
        raise ValueError(
            f"mask must be {list(labels.shape)} or {list(labels.shape[1:])}, as large as the labels; "
            f"found {list(mask.shape)}. Paint on a mask of the picture's size."
        )
    if not 0 <= class_index <= VOID:
        raise ValueError(f"class_index must be 0 to {VOID}; found {class_index}. Take an index of the class names.")
    return labels.masked_fill(mask, class_index)


def _dtype(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")
