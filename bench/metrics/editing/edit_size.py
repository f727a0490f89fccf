"""Size of an edit: how much of the hole it changes.

Reference: NumPy counts; equal.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="edit-size",
        title="Edit size",
        unit="%",
        higher_is_better=False,
        summary="share of the hole whose label an edit changes",
        definition="Pixels of the hole whose label in the edited map is not the true one, over all pixels of the hole.",
        value_range="0 to 100; 0 where nothing is edited",
        reference="NumPy counts of the edited pixels",
        reference_tolerance=1e-9,
        blind_to="Every model, and what is edited: it tells about the edit alone, and has no better or worse.",
        implementation="bench.metrics.editing.backends.edited:edit_size",
        order=504,
        regions=("hole",),
        needs_truth=False,
        tasks=("editing",),
        same_for_all=True,
    ),
)
