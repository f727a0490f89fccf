"""Boundary F measure of DAVIS (Perazzi et al., CVPR 2016).

Reference: DAVIS `f_measure` (davis2017-evaluation), computed plainly in the tests; equal counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "boundary_f"]

SCORES = (
    LabelScore(
        name="boundary-f",
        title="boundary F",
        order=3,
        summary="F measure of the classes' boundaries, found within 0.8 % of the diagonal",
        definition=(
            "DAVIS boundary measure (Perazzi et al., CVPR 2016) of each class: precision and recall of boundary pixels "
            "in the hole that have one of the other map within `width` pixels, and their harmonic mean. Then the mean "
            "over the classes with a boundary there in one of the maps. Without any it is undefined, not perfect."
        ),
        reference="DAVIS `f_measure`, computed plainly",
        blind_to="How far off a boundary beyond the tolerance is, and on which side of it the object lies.",
        score="boundary_f",
        width=BoundaryWidth(0.008, math.ceil),
        of_control=True,
    ),
)

DEFINITIONS = label_definitions(*SCORES)


def boundary_f(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    width: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """F measure of the boundaries of each class, found again within a tolerance (Perazzi et al., CVPR 2016: DAVIS F).

    A boundary pixel is one whose neighbour in the east, south or south-east is on the other side of the class's border;
    the image border is none. Precision is the share of predicted boundary pixels with a true one at a Euclidean
    distance of at most `width`, recall the converse, F their harmonic mean. Where one map has no boundary pixel in the
    region, its share is 1, and F is 0 if that map has none outside either. Unlike in DAVIS, a class without boundaries
    in both is undefined and not perfect, and borders of ignored pixels are no boundaries.

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: tolerance in pixels, at least 1; DAVIS has `boundary_width(height, width, 0.008, math.ceil)`.
        region: bool [N, 1, H, W] or [N, H, W], the boundary pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where neither map has a boundary of the class in the region.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.boundary_f(width), reference, predicted, num_classes, region, ignore_index)
