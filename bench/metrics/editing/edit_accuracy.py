"""Control accuracy in the pixels that an edit changes.

Reference: NumPy counts of the judge's label map; held to 1e-9 %.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.editing.untouched import of_untouched

__all__ = ["DEFINITIONS"]

_EDIT_ACCURACY = MetricDefinition(
    name="edit-accuracy",
    title="Edit accuracy",
    unit="%",
    higher_is_better=True,
    summary="share of the edited pixels in which a judge sees the class that was asked for",
    definition=(
        "The completed picture is segmented by the run's judge. Of the hole pixels whose label an edit changes, those "
        "that have the class of the edited map, of one image; by class: of those that are to have this class. "
        "Undefined where nothing is edited."
    ),
    value_range="0 to 100",
    reference="NumPy counts of the judge's label map",
    reference_tolerance=1e-9,
    blind_to=(
        "The rest of the hole, and looks: a patch that the judge takes for the class is enough. What the judge "
        "confuses."
    ),
    implementation="bench.metrics.editing.backends.edited:edit_accuracy",
    order=506,
    regions=("hole",),
    parameters=(("labels", "control"), ("void", "ignored")),
    options=(("maps", "control"),),
    needs_truth=False,
    tasks=("editing",),
    needs=("judge",),
    by_class=True,
)

DEFINITIONS = (_EDIT_ACCURACY, of_untouched(_EDIT_ACCURACY))
