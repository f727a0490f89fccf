"""LaMa (Suvorov et al., WACV 2022): `bin/evaluate_predicts.py` of advimman/lama."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="lama",
    title="LaMa",
    source="advimman/lama: bin/evaluate_predicts.py, saicinpainting/evaluation/",
    pictures="Composited pictures from files; its own bin/predict.py truncates levels where fills here are rounded.",
    absent=(
        ("fid", "it resizes pictures by torch's bilinear filter before Inception, and no such features are kept"),
        ("lpips_fid100_f1", "it is made of LPIPS on VGG and of LaMa's FID, which is not computed"),
    ),
    order=2000,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "LaMa pads the pictures with zeros and averages over every pixel; ours takes only windows inside the picture.",
        "SSIM with a Gaussian window of 11 and sigma 1.5, K = 0.01 and 0.03, population covariance, each RGB channel "
        "padded with zeros, averaged over all pixels and channels.",
        value_range="-1 to 1; 1 for equal pictures",
        parameters=(("window", "gauss11"), ("sigma", "1.5"), ("border", "zero"), ("channels", "rgb"), ("range", "255")),
        options=(("gaussian", 1.5), ("border", "zero")),
    ),
    translated(
        EVALUATOR,
        "lpips",
        "LPIPS",
        "networks:lpips_by_region",
        "lpips-alex.full",
        "LaMa takes LPIPS on VGG-16; LPIPS usually means AlexNet. It equals our lpips-vgg.",
        "LPIPS 0.1 on VGG-16 with the learned linear layers, RGB scaled to -1 to 1.",
        place=1,
        higher_is_better=False,
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="`lpips.LPIPS` with the same weights, relative",
        reference_tolerance=1e-5,
        tolerance=1e-4,
        parameters=(("net", "vgg"), ("lpips", "0.1"), ("input", "-1..1")),
        options=(("net", "vgg"),),
        needs=("lpips-vgg",),
    ),
)
