"""The metrics of pictures, in data."""

from __future__ import annotations

from bench.metrics.metric_declaration import MetricDeclaration

__all__ = ["PICTURE_METRICS"]

PICTURE_METRICS = (
    MetricDeclaration(
        name="psnr",
        unit="dB",
        higher_is_better=True,
        summary="peak signal-to-noise ratio of each image, RGB",
        definition=(
            "10 log10(255² / MSE), where MSE is the mean of the squared differences over the region's pixels and "
            "the three RGB channels of one image, on uint8 values."
        ),
        value_range="0 to ∞; ∞ where the pixels are equal",
        reference="the formula in NumPy float64; scikit-image `peak_signal_noise_ratio` for region full",
        tolerance=1e-9,
        blind_to=(
            "Structure and sharpness. A blurred fill scores better than a sharp one that is slightly displaced. "
            "In region full it mostly tells how large the hole is."
        ),
        implementation="bench.metrics.pixel_error:psnr_by_region",
        parameters=(("range", "255"),),
    ),
    MetricDeclaration(
        name="ssim",
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
        tolerance=1e-6,
        blind_to=(
            "Meaning, and small colour shifts that keep local contrast. Windows reach 5 px beyond the region, so "
            "region hole also sees known pixels; the outer 5 px of the picture have no window of their own."
        ),
        implementation="bench.metrics.similarity:ssim_by_region",
        parameters=(
            ("window", "gauss11"),
            ("sigma", "1.5"),
            ("k", "0.01,0.03"),
            ("cov", "population"),
            ("border", "valid"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
    ),
    MetricDeclaration(
        name="l1",
        unit="%",
        higher_is_better=False,
        summary="mean absolute difference in percent of the range",
        definition=(
            "100 / 255 times the mean of the absolute differences over the region's pixels and the three RGB "
            "channels of one image, on uint8 values."
        ),
        value_range="0 to 100; exactly 0 for equal pictures",
        reference="the formula in NumPy float64",
        tolerance=1e-9,
        blind_to=(
            "Structure. It rewards the median colour of what could be in the hole. It is not the relative l1 "
            "(sum of differences over sum of values) of some papers."
        ),
        implementation="bench.metrics.pixel_error:l1_by_region",
        parameters=(("range", "255"),),
    ),
    MetricDeclaration(
        name="ms-ssim",
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
        tolerance=1e-9,
        blind_to=(
            "What SSIM is blind to. It looks at the whole picture, so it also tells how large the hole is: compare "
            "models on the same holes."
        ),
        implementation="bench.metrics.multiscale:ms_ssim_by_region",
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
    ),
    MetricDeclaration(
        name="l1-relative",
        unit="",
        higher_is_better=False,
        summary="sum of absolute differences over sum of values, for comparison with older tables",
        definition=(
            "Σ|a - b| / Σ(a + b) over the region's pixels and the three RGB channels of one image, on uint8 "
            "values. Undefined where both pictures are black. EdgeConnect takes it on grey, AOT-GAN on RGB."
        ),
        value_range="0 to 1; exactly 0 for equal pictures",
        reference="the formula in NumPy float64",
        tolerance=1e-12,
        blind_to=(
            "Structure, as `l1`. An error weighs more in a dark picture than in a bright one, so means over "
            "different pictures cannot be compared. Kept for old tables only: `l1` is the error to report."
        ),
        implementation="bench.metrics.relative_error:l1_relative_by_region",
        regions=("full", "hole"),
        parameters=(("denominator", "sum(a+b)"), ("channels", "rgb")),
    ),
    MetricDeclaration(
        name="gradient",
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
        tolerance=1e-12,
        blind_to=(
            "Colour: a fill of another colour with the same edges scores 0. An edge that is one pixel off counts "
            "twice, once where it should be and once where it is: it is as strict as L1 about places."
        ),
        implementation="bench.metrics.gradient_difference:gradient_by_region",
        regions=("hole", "boundary"),
        parameters=(("pairs", "4-neighbours"), ("norm", "l1"), ("channels", "rgb"), ("range", "255")),
    ),
)
