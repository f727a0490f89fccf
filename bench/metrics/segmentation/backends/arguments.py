"""Checks of label maps, and the codes that all label metrics compute on."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.errors import DataError
from bench.metrics.arguments import describe

__all__ = ["IGNORED", "MOST_CLASSES", "Codes", "Mask", "check_width", "encode", "region_mask"]

Codes: TypeAlias = npt.NDArray[np.int16]
"""Class indices, `num_classes` where a pixel has no class, and IGNORED."""
Mask: TypeAlias = npt.NDArray[np.bool_]

IGNORED = -1
MOST_CLASSES = 32_000
_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def encode(
    reference: torch.Tensor, predicted: torch.Tensor, num_classes: int, ignore_index: int | None
) -> tuple[Codes, Codes]:
    """Both label maps as codes, int16 [N, H, W] on the CPU.

    A pixel is IGNORED in both where the reference holds `ignore_index`. Where only the prediction holds it, the
    prediction has no class there: abstaining is an error, not a way out.

    Raises:
        DataError: an argument is not what it must be.
    """
    if not 1 <= num_classes <= MOST_CLASSES:
        raise DataError("num_classes", f"be 1 to {MOST_CLASSES}", str(num_classes), "Count the classes of the data.")
    for subject, labels in (("reference label map", reference), ("predicted label map", predicted)):
        _check_tensor(subject, labels)
    if predicted.shape != reference.shape or predicted.device != reference.device:
        must = f"be like the reference, {list(reference.shape)} on {reference.device}"
        found = f"{list(predicted.shape)} on {predicted.device}"
        raise DataError("predicted label map", must, found, "Metrics never resize: make both of one size.")
    truth = _codes("reference label map", reference.cpu().numpy(), num_classes, ignore_index)
    answer = _codes("predicted label map", predicted.cpu().numpy(), num_classes, ignore_index)
    if ignore_index is not None:
        ignored = truth == num_classes
        truth[ignored] = answer[ignored] = IGNORED
    return truth, answer


def region_mask(region: torch.Tensor | None, like: torch.Tensor) -> Mask:
    """The pixels that count, bool [N, H, W] on the CPU; without a region, all of them.

    Raises:
        DataError: `region` is not a bool tensor [N, 1, H, W] or [N, H, W] of the size of `like` [N, H, W].
    """
    if region is None:
        return np.ones(like.shape, bool)
    if not isinstance(region, torch.Tensor) or region.dtype != torch.bool:
        fix = "Compare it with a threshold, e.g. mask > 0.5; True marks the pixels that count."
        raise DataError("region", "be a bool tensor [N, 1, H, W] or [N, H, W]", describe(region), fix)
    batch, height, width = like.shape
    if list(region.shape) not in ([batch, 1, height, width], [batch, height, width]):
        must = f"have the shape {[batch, 1, height, width]} or {[batch, height, width]}"
        raise DataError("region", must, str(list(region.shape)), "Metrics never resize: make it as large as the maps.")
    return np.ascontiguousarray(region.reshape(batch, height, width).cpu().numpy())


def check_width(width: int) -> None:
    """Raises DataError unless `width` is a whole number of pixels, at least 1."""
    if isinstance(width, bool) or not isinstance(width, int | np.integer) or width < 1:
        fix = "Turn a share of the diagonal into pixels with boundary_width(height, width, share)."
        raise DataError("width", "be a whole number of pixels, at least 1", repr(width), fix)


def _check_tensor(subject: str, labels: object) -> None:
    must = "be an integer tensor [N, H, W] of class indices"
    if not isinstance(labels, torch.Tensor):
        raise DataError(subject, must, f"a {describe(labels)}", "Use torch.from_numpy.")
    if labels.dtype not in _INTEGERS:
        raise DataError(subject, must, describe(labels), "Take argmax over the classes of probabilities.")
    if labels.ndim != 3 or 0 in labels.shape[1:]:
        hint = "Add a batch axis: labels.unsqueeze(0)." if labels.ndim == 2 else "One class index a pixel is needed."
        raise DataError(subject, must, describe(labels), hint)


def _codes(subject: str, labels: npt.NDArray[np.integer], num_classes: int, ignore_index: int | None) -> Codes:
    """Class indices as they are, and `num_classes` for `ignore_index`; raises DataError for any other label."""
    known = (labels >= 0) & (labels < num_classes)
    ignored = np.zeros_like(known) if ignore_index is None else labels == ignore_index
    strange = labels[~(known | ignored)]
    if strange.size:
        must = f"hold class indices 0 to {num_classes - 1}" + (
            f" or {ignore_index}" if ignore_index is not None else ""
        )
        fix = "Map its classes to these, and name the label of pixels that do not count as ignore_index."
        raise DataError(subject, must, f"the label {strange[0]}", fix)
    return np.ascontiguousarray(np.where(ignored, num_classes, labels), np.int16)
