"""Accuracy of label maps: the share of pixels whose class is right."""

from __future__ import annotations

from bench.metrics.segmentation.families import LabelScore, label_definitions

__all__ = ["DEFINITIONS", "SCORES"]

SCORES = (
    LabelScore(
        name="accuracy",
        title="accuracy",
        order=0,
        summary="share of the hole's pixels whose class is right",
        definition="Pixels whose label is the true one over all truly labelled pixels of the hole, of one image.",
        reference="NumPy counts of equal labels",
        blind_to="Small classes: the largest decide.",
        score="",
        parameters=(),
        of_control=True,
    ),
)

DEFINITIONS = label_definitions(*SCORES)
