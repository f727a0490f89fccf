"""95 % Hausdorff distance between the surfaces of the classes."""

from __future__ import annotations

from bench.metrics.segmentation.families import label_definitions, surface_score

__all__ = ["DEFINITIONS", "SCORES"]

SCORES = (
    surface_score(
        name="hd95",
        title="HD95",
        order=8,
        summary="95 % Hausdorff distance of the classes' surfaces",
        formula="the greater of the two directed 95th percentiles of the distances",
        peer="`compute_hausdorff_distance`",
        blind_to="All but the farthest parts of a contour. One lacking class outweighs the others.",
    ),
)

DEFINITIONS = label_definitions(*SCORES)
