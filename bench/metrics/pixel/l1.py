"""L1 of each image in percent of the range, from exact integer sums of absolute differences.

Reference: the formula in NumPy float64; held to 1e-9 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "l1"]

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
        implementation="bench.metrics.pixel.backends.errors:l1_by_region",
        order=40,
        parameters=(("range", "255"),),
        derived=("full",),
        tolerance=1e-4,
        # A blurred fill can score better in the hole; a model that blurs all of the picture shows in region known.
        margins=(("hole", "0.1%"), ("known", "0.1%")),
    ),
)


def l1(reference: ArrayInput, completed: ArrayInput, region: ArrayInput | None = None) -> torch.Tensor:
    """Mean absolute difference of each image in % of the range, 0 to 100.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W]; as many and as large.
        region: bool [N, 1, H, W], the pixels that count; all of them by default.

    Returns:
        float64 [N] on the pictures' device: NaN where the region has no pixel.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.pixel.backends.errors import errors_of

    return score_pictures(lambda *pictures: errors_of(*pictures).l1()[:, 0], reference, completed, region)
