"""PSNR of each image, from exact integer sums of squared differences.

Reference: the formula in NumPy float64, and scikit-image `peak_signal_noise_ratio`; held to 1e-9 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "PSNR_CAP", "psnr"]

PSNR_CAP = 100.0
"""dB that a picture counts as at most: the value that many evaluators give to equal pictures. In a picture of 256x256
one channel of one pixel that is one level off makes 101 dB."""

DEFINITIONS = (
    MetricDefinition(
        name="psnr",
        title="PSNR",
        unit="dB",
        higher_is_better=True,
        summary="peak signal-to-noise ratio of each image, RGB",
        definition=(
            "10 log10(255² / MSE), where MSE is the mean of the squared differences over the region's pixels and "
            "the three RGB channels of one image, on uint8 values."
        ),
        value_range="0 to ∞; ∞ where the pixels are equal",
        reference="the formula in NumPy float64; scikit-image `peak_signal_noise_ratio` for region full",
        reference_tolerance=1e-9,
        blind_to=(
            "Structure and sharpness. A blurred fill scores better than a sharp one that is slightly displaced. "
            "In region full it mostly tells how large the hole is."
        ),
        implementation="bench.metrics.pixel.backends.errors:psnr_by_region",
        order=10,
        parameters=(("range", "255"),),
        derived=("full",),
        cap=PSNR_CAP,
        tolerance=1e-3,
        margins=(("hole", "0.1dB"),),
    ),
)


def psnr(reference: ArrayInput, completed: ArrayInput, region: ArrayInput | None = None) -> torch.Tensor:
    """Peak signal-to-noise ratio of each image, in dB.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W]; as many and as large.
        region: bool [N, 1, H, W], the pixels that count; all of them by default.

    Returns:
        float64 [N] on the pictures' device: `inf` where all pixels are equal, NaN where the region has no pixel.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.pixel.backends.errors import errors_of

    return score_pictures(lambda *pictures: errors_of(*pictures).psnr()[:, 0], reference, completed, region)
