"""How many pieces of the removed class are found in the hole, told by a judge.

Reference: `scipy.ndimage.label` with eight neighbours; equal counts.
"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.removal.ceilings import with_ceiling

__all__ = ["DEFINITIONS"]

_SMALLEST = 0.02

DEFINITIONS = with_ceiling(
    MetricDefinition(
        name="object-left",
        title="Object left",
        unit="",
        higher_is_better=False,
        summary="number of pieces of the removed class that are found in the hole",
        definition=(
            "The completed picture is segmented by the run's judge. Connected components (eight neighbours) of the "
            f"pixels of the hole that have the class of the removed object, of at least {_SMALLEST:.0%} of the hole's "
            "pixels, of one image. Undefined where the class is not known, where the judge never gives it, and where "
            "the judge gives no class in the whole hole."
        ),
        value_range="0, 1, 2, ...; 0 where no piece is found",
        reference="`scipy.ndimage.label` with eight neighbours",
        reference_tolerance=1e-9,
        blind_to=(
            "Size: one large piece counts as much as a small one, and an object that is left whole scores better than "
            "one that is torn into two: read it beside `class-left`. Pieces below the smallest size. An object of the "
            "same class beside the hole whose edge the judge draws too far inside: read it beside its ceiling."
        ),
        implementation="bench.metrics.removal.backends.hole_classes:object_left",
        order=282,
        regions=("hole",),
        parameters=(("labels", "judged"), ("neighbours", "8"), ("smallest", f"{_SMALLEST:g}-of-hole")),
        options=(("smallest", _SMALLEST),),
        needs_truth=False,
        tasks=("removal",),
        needs=("judge",),
    )
)
