"""How sharp edges are where they should be: differences between neighbouring pixels, compared with the truth's.

The image gradient difference of Mathieu, Couprie and LeCun (ICLR 2016, "Deep multi-scale video prediction beyond mean
square error", equation 6, alpha = 1), as a mean. Reference: the formula in NumPy int64; held to 1e-12 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "gradient"]

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
        implementation="bench.metrics.pixel.backends.gradient:gradient_by_region",
        order=60,
        regions=("hole", "boundary"),
        parameters=(("pairs", "4-neighbours"), ("norm", "l1"), ("channels", "rgb"), ("range", "255")),
    ),
)


def gradient(reference: ArrayInput, completed: ArrayInput, region: ArrayInput | None = None) -> torch.Tensor:
    """Mean absolute difference of the absolute gradients of each image in % of the range, 0 to 100.

    A gradient is the absolute difference of two pixels side by side, or one above the other, in one RGB channel. It
    counts where either pixel lies in the region, so that the seam around a hole belongs to the hole.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W]; as many and as large.
        region: bool [N, 1, H, W], the pixels that count; all of them by default.

    Returns:
        float64 [N] on the pictures' device: NaN where the region has no pixel with a neighbour.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.pixel.backends.gradient import gradient_errors

    return score_pictures(gradient_errors, reference, completed, region)
