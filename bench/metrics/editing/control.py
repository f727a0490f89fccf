"""Control accuracy by class in the whole hole, and what the untouched picture scores under an edited map.

Reference: NumPy counts of the judge's label map; held to 1e-9 %.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.editing.untouched import of_untouched
from bench.metrics.segmentation import accuracy, boundary_f

__all__ = ["DEFINITIONS"]

_CLASS_ACCURACY = MetricDefinition(
    name="control-class-accuracy",
    title="Control class accuracy",
    unit="%",
    higher_is_better=True,
    summary="share of each class's pixels in which a judge sees what the label map asks for, mean over classes",
    definition=(
        "The completed picture is segmented by the run's judge. For each class, hole pixels that are to have it and in "
        "which the judge sees it, over those that are to have it; then the mean over the classes of the map in the "
        "hole, of one image. The map is the edited one, or without an edit the one that the model completed."
    ),
    value_range="0 to 100",
    reference="NumPy counts of the judge's label map",
    reference_tolerance=1e-9,
    blind_to="Whether the label map was right, and pixels of a class where another one was asked for.",
    implementation="bench.metrics.editing.backends.edited:class_accuracy",
    order=512,
    regions=("hole",),
    parameters=(("labels", "control"), ("void", "ignored"), ("classes", "asked-for")),
    options=(("maps", "control"),),
    needs_truth=False,
    needs=("judge",),
    by_class=True,
)

_CONTROL = [
    metric
    for metric in (*accuracy.DEFINITIONS, *boundary_f.DEFINITIONS)
    if metric.name in ("control-accuracy", "control-boundary-f")
]

DEFINITIONS = (_CLASS_ACCURACY, *map(of_untouched, (_CLASS_ACCURACY, *_CONTROL)))
