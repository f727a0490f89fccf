"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="l1",
        title="L1",
        unit="%",
        higher_is_better=False,
        summary="mean absolute difference in percent of the range",
        definition=(
            "100 / 255 times the mean of the absolute differences over the region's pixels and the three RGB "
            "channels of one image, on uint8 values."
        ),
        value_range="0 to 100; exactly 0 for equal pictures",
        reference="the formula in NumPy float64",
        reference_tolerance=1e-9,
        blind_to=(
            "Structure. It rewards the median colour of what could be in the hole. It is not the relative l1 "
            "(sum of differences over sum of values) of some papers."
        ),
        implementation="bench.metrics.pixel_error:l1_by_region",
        order=40,
        parameters=(("range", "255"),),
        tolerance=1e-4,
        margins=(("hole", "0.1%"), ("known", "0.1%")),
    ),
)
