"""IoU of label maps, class by class, and its mean (mIoU).

Reference: NumPy counts; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import LabelScore, label_definitions

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "iou"]

SCORES = (
    LabelScore(
        name="miou",
        title="mIoU",
        order=1,
        summary="intersection over union, mean over the image's classes",
        definition=(
            "For each class, truly labelled pixels of the hole that have it in both maps over those that have it in "
            "either; then the mean over the classes that one of the maps has there, of one image. The mean over images "
            "is not the mIoU of counts pooled over a data set, which segmentation benchmarks print."
        ),
        reference="`iou` of NumPy masks of each class",
        blind_to=(
            "Where a boundary runs, unless the object is small. A class of a few pixels weighs as much as the rest of "
            "the hole."
        ),
        score="iou",
        of_control=True,
    ),
)

DEFINITIONS = label_definitions(*SCORES)


def iou(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of each class: pixels of the class in both maps over pixels of it in either.

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        region: bool [N, 1, H, W] or [N, H, W], the pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count. A prediction of it elsewhere is no class, an error.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where the class is in neither map.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.iou(), reference, predicted, num_classes, region, ignore_index)
