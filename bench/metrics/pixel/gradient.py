"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="gradient",
        title="Gradient error",
        unit="%",
        higher_is_better=False,
        summary="how far gradients are from the truth's: blurred, missing and invented edges",
        definition=(
            "Image gradient difference of Mathieu et al. (ICLR 2016, equation 6, alpha = 1) as a mean: ||a - b| - |c - "
            "d|| over all pairs a, b of neighbours side by side or one above the other in the truth, and c, d in the "
            "completed picture, in each RGB channel, times 100 / 255. A pair counts where either pixel is in the "
            "region."
        ),
        value_range="0 to 100; exactly 0 for equal pictures",
        reference="the formula in NumPy int64",
        reference_tolerance=1e-12,
        blind_to=(
            "Colour: a fill of another colour with the same edges scores 0. An edge that is one pixel off counts "
            "twice, once where it should be and once where it is: it is as strict as L1 about places."
        ),
        implementation="bench.metrics.gradient_difference:gradient_by_region",
        order=60,
        regions=("hole", "boundary"),
        parameters=(("pairs", "4-neighbours"), ("norm", "l1"), ("channels", "rgb"), ("range", "255")),
    ),
)
