"""IoU of label maps, class by class, and its mean (mIoU)."""

from __future__ import annotations

from bench.metrics.segmentation.families import LabelScore, label_definitions

__all__ = ["DEFINITIONS", "SCORES"]

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
