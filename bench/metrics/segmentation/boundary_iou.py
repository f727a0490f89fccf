"""Boundary IoU (Cheng et al., CVPR 2021): IoU of the classes' inner bands.

Reference: boundary-iou-api `mask_to_boundary`, computed plainly in the tests; equal counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "boundary_iou"]

SCORES = (
    LabelScore(
        name="boundary-iou",
        title="boundary IoU",
        order=2,
        summary="IoU of the classes' inner bands, 0.5 % of the diagonal wide",
        definition=(
            "Boundary IoU (Cheng et al., CVPR 2021) of each class: IoU of the bands inside both masks' borders, a mask "
            "minus its erosion, `width` times over, by a 3x3 square; counted in the hole. Then the mean over the "
            "classes with a band there in one of the maps. It is not the minimum with the masks' IoU."
        ),
        reference="boundary-iou-api's `mask_to_boundary`, computed plainly",
        blind_to="The inside of large objects. In small pictures the band swallows small objects.",
        score="boundary_iou",
        width=BoundaryWidth(0.005),
    ),
)

DEFINITIONS = label_definitions(*SCORES)


def boundary_iou(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    width: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of the inner bands of each class (Cheng et al., CVPR 2021).

    The band of a mask M is M minus M eroded `width` times by a 3x3 square. Outside the image the mask is empty: the
    image border is a boundary. Under ignored pixels it goes on. This is the plain Boundary IoU, not its minimum with
    the mask IoU, which the reference's average precision uses. A band wider than an object is the object: keep `width`
    small against the objects (0.5 % of the diagonal, as the reference has for Cityscapes).

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: pixels, at least 1; for a share of the diagonal `boundary_width(height, width, share)`.
        region: bool [N, 1, H, W] or [N, H, W], the pixels of the bands that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where neither map has a band of the class in the region.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.boundary_iou(width), reference, predicted, num_classes, region, ignore_index)
