"""How much of the hole still shows the class of the removed object, told by a judge.

Reference: NumPy counts of the judge's label map; held to 1e-9 %.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.removal.ceilings import with_ceiling

__all__ = ["DEFINITIONS"]

DEFINITIONS = with_ceiling(
    MetricDefinition(
        name="class-left",
        title="Class left",
        unit="%",
        higher_is_better=False,
        summary="share of the hole that still shows the class of the removed object",
        definition=(
            "The completed picture is segmented by the run's judge. Pixels of the hole that have the class of the "
            "removed object, over all pixels of the hole to which the judge gives a class, of one image. Undefined "
            "where the class is not known, where the judge never gives it, and where the judge gives no class in the "
            "whole hole."
        ),
        value_range="0 to 100; 0 where nothing of the class is left",
        reference="NumPy counts of the judge's label map",
        reference_tolerance=1e-9,
        blind_to=(
            "Everything but the class: a blur, or another object in its place, scores 0. An object of the same class "
            "that stands beside the hole counts where the judge draws its edge too far inside, and where the true "
            "scene shows it behind the removed one. Read it beside its ceiling."
        ),
        implementation="bench.metrics.removal.backends.hole_classes:class_left",
        order=280,
        regions=("hole",),
        parameters=(("labels", "judged"), ("void", "ignored")),
        needs_truth=False,
        tasks=("removal",),
        needs=("judge",),
    )
)
