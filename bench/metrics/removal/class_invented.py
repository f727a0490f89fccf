"""Countable things in the hole that stand nowhere near it, told by a judge.

Reference: NumPy counts, with the surroundings from SciPy's distance transform; held to 1e-9 %.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.removal.ceilings import with_ceiling
from bench.metrics.width import BoundaryWidth

__all__ = ["DEFINITIONS"]

DEFINITIONS = with_ceiling(
    MetricDefinition(
        name="class-invented",
        title="Class invented",
        unit="%",
        higher_is_better=False,
        summary="share of the hole with countable things that its surroundings do not have",
        definition=(
            "The completed picture is segmented by the run's judge. Pixels of the hole that have a class of countable "
            "things (`objects` of the data set) which is not in the surroundings, over all pixels of the hole to "
            "which the judge gives a class, of one image. The surroundings are the known pixels within the width of "
            "the hole, as the judge sees them in the picture that the fill is compared with: the truth of the "
            "removal, or else the input, where a thing of the removed class that reaches into the hole is no part of "
            "them. A thing that reaches into the hole or stands close by may go on in it; one across the picture may "
            "not. The removed class is no exception: where no other thing of it stands near, an object that is left "
            "counts. Undefined without classes of countable things, and where no known pixel near the hole has a "
            "class."
        ),
        value_range="0 to 100; 0 where nothing is invented",
        reference="NumPy counts of the judge's label map, with the surroundings from SciPy's distance transform",
        reference_tolerance=1e-9,
        blind_to=(
            "Another thing of a class that stands near the hole already: read it beside `class-left`. Invented walls "
            "and other uncountable classes. What the judge takes for a thing by mistake counts: read it beside its "
            "ceiling."
        ),
        implementation="bench.metrics.removal.backends.hole_classes:class_invented",
        order=281,
        regions=("hole",),
        parameters=(("labels", "judged"), ("void", "ignored"), ("surroundings", "known-pixels")),
        width=BoundaryWidth(0.05),
        needs_truth=False,
        tasks=("removal",),
        needs=("judge",),
    )
)
