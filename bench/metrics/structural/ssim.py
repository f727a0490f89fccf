"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

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
        implementation="bench.metrics.similarity:ssim_by_region",
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
