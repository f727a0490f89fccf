"""DOC"""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS"]

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
        implementation="bench.metrics.multiscale:ms_ssim_by_region",
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
