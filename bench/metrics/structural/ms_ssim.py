"""MS-SSIM (Wang, Simoncelli, Bovik, 2003, "Multiscale structural similarity for image quality assessment").

Reference: contrast and SSIM maps of torchmetrics on every channel and scale, over the valid area, multiplied as in the
paper; held to 1e-9. That is also what pytorch-msssim computes for sides that are multiples of 16. The class
`MultiScaleStructuralSimilarityIndexMeasure` of torchmetrics pools the channels before it multiplies, and counts
reflected borders in the coarsest scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "ms_ssim"]

DEFINITIONS = (
    MetricDefinition(
        name="ms-ssim",
        title="MS-SSIM",
        unit="",
        higher_is_better=True,
        summary="structural similarity over five scales, RGB",
        definition=(
            "Wang et al., 2003: five scales with the weights 0.0448, 0.2856, 0.3001, 0.2363 and 0.1333. For each "
            "RGB channel, the product of the mean contrast term (SSIM without luminance) of the four finer scales "
            "and the mean SSIM of the coarsest, each to the power of its weight, a negative mean counted as 0; "
            "then the mean over the channels. Window, constants and valid area as in `ssim`, at every scale. "
            "Pictures are halved by means over 2x2 pixels, an odd side extended by its last row or column. "
            "Pictures with a side below 161 pixels have no fifth scale and are refused."
        ),
        value_range="0 to 1; exactly 1 for equal pictures",
        reference=(
            "the maps of torchmetrics `structural_similarity_index_measure` in float64 on the same pixels, "
            "multiplied as above"
        ),
        reference_tolerance=1e-9,
        blind_to=(
            "What SSIM is blind to. It looks at the whole picture, so it also tells how large the hole is: compare "
            "models on the same holes."
        ),
        implementation="bench.metrics.structural.backends.ms_ssim:ms_ssim_by_region",
        order=30,
        regions=("full",),
        parameters=(
            ("scales", "5"),
            ("weights", "wang2003"),
            ("window", "gauss11"),
            ("sigma", "1.5"),
            ("k", "0.01,0.03"),
            ("cov", "population"),
            ("border", "valid"),
            ("half", "mean2x2"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        tolerance=1e-5,
    ),
)


def ms_ssim(reference: ArrayInput, completed: ArrayInput) -> torch.Tensor:
    """Multi-scale structural similarity of each image: five scales, 11x11 window of sigma 1.5, mean over RGB.

    For each channel, the product over scales of the mean contrast term (at the coarsest scale: of the mean SSIM) to the
    power of the scale's weight; a negative mean counts as 0. A picture is halved by means over 2x2 pixels, after a side
    of odd length was extended by its last row or column. There is no region: a hole has no halves of its own.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads;
    on other devices it agrees within 1e-9.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, at least 161 pixels high and wide.
        completed: uint8 [N, 3, H, W]; as many and as large.

    Returns:
        float64 [N] on the pictures' device, 0 to 1; exactly 1 for equal pictures.

    Raises:
        DataError: an argument is not what it must be, or the pictures are too small for five scales.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.structural.backends.ms_ssim import multiscale_similarity

    return score_pictures(lambda truth, answer, _: multiscale_similarity(truth, answer), reference, completed)
