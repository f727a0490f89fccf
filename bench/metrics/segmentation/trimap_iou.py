"""Trimap IoU: IoU near the boundaries between true labels, at four widths."""

from __future__ import annotations

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

__all__ = ["DEFINITIONS", "SCORES"]

SCORES = tuple(
    LabelScore(
        name=f"trimap-miou-{round(1000 * share)}",
        title=f"trimap mIoU {round(1000 * share)}",
        order=4 + place,
        summary=f"mean IoU within {share:.1%} of the diagonal of true boundaries",
        definition=(
            "IoU of each class over the labelled pixels of the hole whose distance to a pixel that touches a boundary "
            "between two true labels is below the width (the band of region boundary, at this width), then the mean "
            "over the classes that one of the maps has there. The number in the name is the width in thousandths of "
            "the diagonal; several of them are the trimap plot of segmentation papers."
        ),
        reference="`iou` of NumPy masks of each class inside a band from SciPy's distance transform",
        blind_to="What is far from every true boundary.",
        score="trimap_iou",
        width=BoundaryWidth(share),
    )
    for place, share in enumerate((0.005, 0.01, 0.02, 0.04))
)

DEFINITIONS = label_definitions(*SCORES)
