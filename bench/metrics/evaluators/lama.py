"""LaMa (Suvorov et al., WACV 2022): `bin/evaluate_predicts.py` of advimman/lama."""

from __future__ import annotations

from bench.metrics.definition import FewPictures
from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="lama",
    title="LaMa",
    source="advimman/lama: bin/evaluate_predicts.py, saicinpainting/evaluation/",
    pictures="Composited pictures from files; its own bin/predict.py truncates levels where fills here are rounded.",
    absent=(
        (
            "lpips_fid100_f1",
            "it follows from the two columns: 2ab / (a + b + 0.001) with a = 1 - LPIPS and b = max(0, 1 - FID / 100)",
        ),
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
    translated(
        EVALUATOR,
        "fid",
        "FID",
        "",
        "fid.full",
        "LaMa resizes by torch's bilinear filter, as pytorch-fid does; ours resizes as TensorFlow 1 did.",
        "Fréchet distance of Inception features of 2015-12-05, covariances with N - 1; pictures resized to 299x299 by "
        "torch's bilinear filter without antialiasing, levels scaled to -1 to 1.",
        place=2,
        higher_is_better=False,
        value_range="0 to ∞",
        reference="pytorch-fid's resizing before the same network, relative",
        parameters=(("network", "inception-2015-12-05"), ("resize", "torch-bilinear"), ("ddof", "1")),
        implementation="bench.metrics.distribution.backends.frechet:of_sets",
        blocks="bench.metrics.distribution.backends.frechet:of_blocks",
        draws="bench.metrics.distribution.backends.frechet:of_draws",
        aggregate="set",
        features="fid-torch",
        resampling="half-samples",
        relative_tolerance=1e-3,
        few=FewPictures(2048, "the 2,048 features, mostly bias: compare it at the same N only"),
        needs=("inception",),
    ),
)
