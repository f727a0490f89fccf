"""Boundary IoU (Cheng et al., CVPR 2021): IoU of the classes' inner bands."""

from __future__ import annotations

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

__all__ = ["DEFINITIONS", "SCORES"]

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
