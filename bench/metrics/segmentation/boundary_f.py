"""Boundary F measure of DAVIS (Perazzi et al., CVPR 2016)."""

from __future__ import annotations

import math

from bench.metrics.segmentation.families import LabelScore, label_definitions
from bench.metrics.width import BoundaryWidth

__all__ = ["DEFINITIONS", "SCORES"]

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
    ),
)

DEFINITIONS = label_definitions(*SCORES)
