"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

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
        implementation="bench.metrics.pixel_error:psnr_by_region",
        order=10,
        parameters=(("range", "255"),),
        tolerance=1e-3,
        margins=(("hole", "0.1dB"),),
    ),
)
