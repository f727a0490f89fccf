"""SSIM (Wang, Bovik, Sheikh, Simoncelli, 2004, IEEE TIP 13(4)) over regions.

Reference: scikit-image `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
data_range=255)`, its map averaged over the valid area; held to 1e-6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "ssim"]

DEFINITIONS = (
    MetricDefinition(
        name="ssim",
        title="SSIM",
        unit="",
        higher_is_better=True,
        summary="structural similarity, Gaussian 11x11 window, RGB",
        definition=(
            "Wang et al., 2004: Gaussian 11x11 window with sigma 1.5, K1 = 0.01, K2 = 0.03, range 255, population "
            "covariance; the map is computed for each RGB channel, cropped to the pixels whose window lies inside "
            "the picture (5 px off each side) and averaged over the region's pixels and the channels."
        ),
        value_range="-1 to 1; exactly 1 for equal pictures",
        reference=(
            "the map of scikit-image `structural_similarity(gaussian_weights=True, sigma=1.5, "
            "use_sample_covariance=False, data_range=255)` on the same pixels"
        ),
        reference_tolerance=1e-6,
        blind_to=(
            "Meaning, and small colour shifts that keep local contrast. Windows reach 5 px beyond the region, so "
            "region hole also sees known pixels; the outer 5 px of the picture have no window of their own."
        ),
        implementation="bench.metrics.structural.backends.ssim:ssim_by_region",
        order=20,
        parameters=(
            ("window", "gauss11"),
            ("sigma", "1.5"),
            ("k", "0.01,0.03"),
            ("cov", "population"),
            ("border", "valid"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        tolerance=1e-5,
        margins=(("hole", "0.005"),),
    ),
)


def ssim(reference: ArrayInput, completed: ArrayInput, region: ArrayInput | None = None) -> torch.Tensor:
    """Structural similarity of each image: Gaussian 11x11 window, sigma 1.5, range 255, mean over RGB.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads
    (`torch.set_num_threads` is obeyed); on other devices it agrees within 1e-9.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, at least 11 pixels high and wide.
        completed: uint8 [N, 3, H, W]; as many and as large.
        region: bool [N, 1, H, W], the pixels whose windows count; all of them by default. Windows that reach over the
            edge of the picture never count: the region is cropped by 5 pixels on each side.

    Returns:
        float64 [N] on the pictures' device, at most 1: NaN where the region has no pixel in the valid area.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.structural.backends.ssim import similarity

    return score_pictures(similarity, reference, completed, region)
