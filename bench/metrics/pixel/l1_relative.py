"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="l1-relative",
        title="Relative L1",
        unit="",
        higher_is_better=False,
        summary="sum of absolute differences over sum of values, for comparison with older tables",
        definition=(
            "Σ|a - b| / Σ(a + b) over the region's pixels and the three RGB channels of one image, on uint8 "
            "values. Undefined where both pictures are black. EdgeConnect takes it on grey, AOT-GAN on RGB."
        ),
        value_range="0 to 1; exactly 0 for equal pictures",
        reference="the formula in NumPy float64",
        reference_tolerance=1e-12,
        blind_to=(
            "Structure, as `l1`. An error weighs more in a dark picture than in a bright one, so means over "
            "different pictures cannot be compared. Kept for old tables only: `l1` is the error to report."
        ),
        implementation="bench.metrics.relative_error:l1_relative_by_region",
        order=50,
        regions=("full", "hole"),
        parameters=(("denominator", "sum(a+b)"), ("channels", "rgb")),
    ),
)
