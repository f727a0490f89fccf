"""Trimap IoU: IoU near the boundaries between true labels, at four widths.

Reference: NumPy counts inside a band from SciPy's distance transform; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "trimap_iou"]

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


def trimap_iou(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    width: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of each class near the boundaries between true labels.

    What counts is `boundary_band(reference, width)`: `width` pixels on each side of a straight boundary between any two
    classes of the reference. The mean over classes, at several widths, is the trimap plot of the literature.

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: pixels on each side, at least 1.
        region: bool [N, 1, H, W] or [N, H, W], the pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where the class is in neither map within the band.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.trimap_iou(width), reference, predicted, num_classes, region, ignore_index)
