"""ZITS (Dong et al., CVPR 2022): `src/inpainting_metrics.py` of DQiaole/ZITS_inpainting."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import TORCHVISION_INCEPTION, Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="zits",
    title="ZITS",
    source="DQiaole/ZITS_inpainting: src/inpainting_metrics.py",
    pictures="Whole pictures from files, as they were saved, read by OpenCV in the order blue, green, red.",
    absent=(("fid", TORCHVISION_INCEPTION),),
    order=2040,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "ZITS adds the peak value 1 to the decibels, so it is 1 dB too high; 1e-7 in the logarithm caps it at 71 dB.",
        "1 - 10 log10(MSE + 1e-7) over all pixels and channels on the scale 0 to 1.",
        unit="dB",
        value_range="1 to 71",
        parameters=(("range", "1"), ("offset", "1dB"), ("epsilon", "1e-7")),
        options=(("epsilon", 1e-7), ("offset", 1.0)),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "ZITS takes blue for red in grey values, a uniform window of 7, and a range of 2 for values 0 to 1: too high.",
        "scikit-image's SSIM of grey values 0.2125 B + 0.7154 G + 0.0721 R from 0 to 1: uniform window of 7, K = "
        "0.01 and 0.03, sample covariance, and the range of 2 that scikit-image took for floats when none was given.",
        place=1,
        value_range="-1 to 1; 1 for equal pictures",
        reference="scikit-image `structural_similarity` with `data_range=2`",
        parameters=(
            ("window", "uniform7"),
            ("cov", "sample"),
            ("border", "valid"),
            ("channels", "grey-of-bgr"),
            ("range", "2-for-0..1"),
        ),
        options=(("channels", "grey-of-bgr"), ("size", 7), ("sample", True), ("data_range", 510.0)),
    ),
    translated(
        EVALUATOR,
        "mae",
        "MAE",
        "pixels:mean_absolute_by_region",
        "l1.full",
        "ZITS prints a share of the range, ours is in percent: 0.01 is 1 %.",
        "Mean of |a - b| / 255 over all pixels and channels of a picture.",
        place=2,
        higher_is_better=False,
        value_range="0 to 1",
        parameters=(("range", "1"),),
        tolerance=1e-6,
    ),
    translated(
        EVALUATOR,
        "mse",
        "MSE",
        "pixels:mean_squared_by_region",
        "psnr.full",
        "ZITS averages squared errors before any logarithm, so the worst pictures rule; we have no such column.",
        "Mean of (a - b)² / 255² over all pixels and channels of a picture.",
        place=3,
        higher_is_better=False,
        value_range="0 to 1",
        parameters=(("range", "1"),),
        tolerance=1e-6,
    ),
    translated(
        EVALUATOR,
        "lpips",
        "LPIPS",
        "networks:lpips_by_region",
        "lpips-alex.full",
        "No difference where fills have the size of the truth: AlexNet, version 0.1, RGB from -1 to 1.",
        "LPIPS 0.1 on AlexNet with the learned linear layers, RGB scaled to -1 to 1.",
        place=4,
        higher_is_better=False,
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="`lpips.LPIPS` with the same weights, relative",
        reference_tolerance=1e-5,
        tolerance=1e-4,
        parameters=(("net", "alex"), ("lpips", "0.1"), ("input", "-1..1")),
        options=(("net", "alex"),),
        needs=("lpips-alex",),
    ),
)
