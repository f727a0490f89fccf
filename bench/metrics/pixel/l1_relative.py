"""Relative L1, as older tables have it (EdgeConnect on grey, AOT-GAN on RGB): not the L1 of the field today.

Reference: the formula in NumPy float64; held to 1e-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "l1_relative"]

DEFINITIONS = (
    MetricDefinition(
        name="l1-relative",
        title="Relative L1",
        unit="",
        higher_is_better=False,
        summary="sum of absolute differences over sum of values, for comparison with older tables",
        definition=(
            "Σ|a - b| / Σ(a + b) over the region's pixels and the three RGB channels of one image, on uint8 "
            "values; 0 where both pictures are black, and so equal. EdgeConnect takes it on grey, AOT-GAN on RGB."
        ),
        value_range="0 to 1; exactly 0 for equal pictures",
        reference="the formula in NumPy float64",
        reference_tolerance=1e-12,
        blind_to=(
            "Structure, as `l1`. An error weighs more in a dark picture than in a bright one, so means over "
            "different pictures cannot be compared. Kept for old tables only: `l1` is the error to report."
        ),
        implementation="bench.metrics.pixel.backends.relative:l1_relative_by_region",
        order=50,
        version=2,
        regions=("full", "hole"),
        parameters=(("denominator", "sum(a+b)"), ("channels", "rgb")),
    ),
)


def l1_relative(reference: ArrayInput, completed: ArrayInput, region: ArrayInput | None = None) -> torch.Tensor:
    """Sum of |a - b| over sum of a + b of each image, over the region's pixels and RGB: 0 to 1, lower is better.

    It weighs an error in a dark picture more than the same error in a bright one.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W]; as many and as large.
        region: bool [N, 1, H, W], the pixels that count; all of them by default.

    Returns:
        float64 [N] on the pictures' device: NaN where the region has no pixel, 0 where both pictures are black in it.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.pixel.backends.relative import relative_errors

    return score_pictures(relative_errors, reference, completed, region)
