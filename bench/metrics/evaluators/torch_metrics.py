"""torchmetrics: its image metrics with their defaults and the range that they must be given."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="torchmetrics",
    title="torchmetrics",
    source="Lightning-AI/torchmetrics: PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure with data_range=1",
    pictures="Whole pictures on the scale 0 to 1, as they were saved.",
    absent=(("lpips", "with net_type='alex' and inputs from -1 to 1 it is our lpips-alex"),),
    order=2070,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "squared_errors:psnr_of_set",
        "psnr.full",
        "torchmetrics pools the squared errors of all pictures, so the worst ones rule; ours is the mean of PSNRs.",
        "10 log10(255² / MSE), the MSE over all pixels, channels and pictures together; one number of a set.",
        unit="dB",
        value_range="0 to ∞; ∞ where all pictures are exact",
        reference="the formula in NumPy float64 (torchmetrics `PeakSignalNoiseRatio`: 1e-5 dB)",
        parameters=(("range", "255"), ("pooled", "squared-errors")),
        aggregate="set",
        features="squared-error",
        resampling="half-samples",
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "torchmetrics reflects pictures at their borders and averages over all pixels; ours takes windows inside them.",
        "SSIM with a Gaussian window of 11 and sigma 1.5, K = 0.01 and 0.03, population covariance, each RGB channel "
        "reflected about its outermost pixels, averaged over all pixels and channels.",
        place=1,
        value_range="-1 to 1; 1 for equal pictures",
        reference="torchmetrics `structural_similarity_index_measure` in float64",
        parameters=(
            ("window", "gauss11"),
            ("sigma", "1.5"),
            ("border", "reflect"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        options=(("gaussian", 1.5), ("border", "reflect")),
    ),
)
