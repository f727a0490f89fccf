"""Average symmetric surface distance of the classes."""

from __future__ import annotations

from bench.metrics.segmentation.families import label_definitions, surface_score

__all__ = ["DEFINITIONS", "SCORES"]

SCORES = (
    surface_score(
        name="assd",
        title="ASSD",
        order=9,
        summary="average symmetric distance of the classes' surfaces",
        formula="the mean of the two directed mean distances",
        peer="`compute_average_surface_distance`",
        blind_to="Short stretches far off. One lacking class outweighs the others.",
    ),
)

DEFINITIONS = label_definitions(*SCORES)
