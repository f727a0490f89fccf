"""ASUKA (Wang et al., CVPR 2025): `asuka-flux/eval/` of Yikai-Wang/asuka-misato."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import TORCHVISION_INCEPTION, Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="asuka",
    title="ASUKA",
    source="Yikai-Wang/asuka-misato: asuka-flux/eval/cal_psnr_lpips_ssim.py, cal_grad.py, cal_ids.py",
    pictures="Composited pictures from files, of 512x512 or 1024x1024; fills here keep their size.",
    absent=(
        ("fid, u-ids, p-ids", TORCHVISION_INCEPTION),
        ("clip score", "it compares with a caption, not with the truth"),
    ),
    order=2090,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "ASUKA adds 1e-7 in the logarithm, so exact pictures have 70 dB; they count as 100 dB in ours.",
        "-10 log10(MSE + 1e-7) over all pixels and RGB channels on the scale 0 to 1.",
        unit="dB",
        value_range="0 to 70",
        parameters=(("range", "1"), ("epsilon", "1e-7")),
        options=(("epsilon", 1e-7),),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "ASUKA compares grey values under a uniform window of 7; ours has a Gaussian one of 11 on RGB.",
        "scikit-image's SSIM of grey values 0.2989 R + 0.587 G + 0.114 B from 0 to 1: uniform window of 7, K = 0.01 "
        "and 0.03, sample covariance, windows inside the picture.",
        place=1,
        value_range="-1 to 1; 1 for equal pictures",
        reference="scikit-image `structural_similarity`",
        parameters=(
            ("window", "uniform7"),
            ("cov", "sample"),
            ("border", "valid"),
            ("channels", "grey(0.2989,0.587,0.114)"),
            ("range", "1"),
        ),
        options=(("channels", "grey-of-torchvision"), ("size", 7), ("sample", True)),
    ),
    translated(
        EVALUATOR,
        "gradient",
        "gradient",
        "rim:gradient_by_region",
        "gradient.hole",
        "ASUKA takes Sobel gradients of the error on the rim of the mask, in levels; ours looks at all of the hole.",
        "Mean magnitude of the 3x3 Sobel gradient of completed minus true levels over the pixels that OpenCV's Canny "
        "detector (100, 200) finds in the mask, averaged over RGB; 0 where it finds none.",
        place=2,
        regions=("hole",),
        higher_is_better=False,
        value_range="0 to about 1442",
        parameters=(("filter", "sobel3"), ("rim", "canny(100,200)"), ("range", "255")),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "lpips",
        "LPIPS",
        "networks:lpips_by_region",
        "lpips-alex.full",
        "No difference: AlexNet, version 0.1, RGB from -1 to 1.",
        "LPIPS 0.1 on AlexNet with the learned linear layers, RGB scaled to -1 to 1.",
        place=3,
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
