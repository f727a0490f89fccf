"""BrushBench (BrushNet, Ju et al., ECCV 2024): `examples/brushnet/evaluate_brushnet.py` of TencentARC/BrushNet."""

from __future__ import annotations

from typing import Any

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="brushbench",
    title="BrushBench",
    source="TencentARC/BrushNet: examples/brushnet/evaluate_brushnet.py",
    pictures=(
        "The raw output, or with --blended the output blended into the picture; resized to 512x512, where fills here "
        "keep their size."
    ),
    absent=(
        ("Image Reward, HPS V2.1, Aesthetic Score, CLIP Similarity", "they need networks that are not at hand"),
        ("LPIPS with --blended", "only the raw output is taken"),
    ),
    order=2080,
)

_MASK: tuple[tuple[str, str], ...] = (("mask", "1-hole"), ("denominator", "pixels"), ("range", "1"))
_KNOWN: dict[str, Any] = {"regions": ("known",), "reference": "the formula in NumPy float64"}

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "known:psnr_by_region",
        "psnr.known",
        "BrushBench scores the known pixels (its mask is inverted), and an MSE 3 times too large costs it 4.77 dB.",
        "-10 log10(MSE) with the MSE of `brushbench-mse`; 1000 dB where that is below 1e-10.",
        unit="dB",
        value_range="-5 to 102, or 1000",
        parameters=(*_MASK, ("identical", "1000dB"), ("output", "raw")),
        tolerance=1e-3,
        **_KNOWN,
    ),
    translated(
        EVALUATOR,
        "mse",
        "MSE",
        "known:mse_by_region",
        "psnr.known",
        "BrushBench sums squared errors of known pixels over three channels and divides by pixels: 3 times too large.",
        "Σ(a - b)² / (255² · known pixels) over the known pixels and RGB channels of the raw output.",
        place=1,
        higher_is_better=False,
        value_range="0 to 3",
        parameters=(*_MASK, ("output", "raw")),
        tolerance=1e-6,
        **_KNOWN,
    ),
    translated(
        EVALUATOR,
        "psnr",
        "PSNR (blended)",
        "known:psnr_by_region",
        "psnr.known",
        "With --blended, the output is pasted under a mask blurred over 21 pixels: only a rim of known pixels differs.",
        "As `brushbench-psnr`, of the output pasted into the picture under the hole's mask, which OpenCV's Gaussian "
        "blur of 21 pixels softens; levels are truncated.",
        name="brushbench-blended-psnr",
        place=2,
        unit="dB",
        value_range="-5 to 102, or 1000",
        parameters=(*_MASK, ("identical", "1000dB"), ("output", "blended-gauss21")),
        options=(("blended", True),),
        tolerance=1e-3,
        **_KNOWN,
    ),
    translated(
        EVALUATOR,
        "mse",
        "MSE (blended)",
        "known:mse_by_region",
        "psnr.known",
        "As its MSE, of the output pasted under a mask blurred over 21 pixels.",
        "As `brushbench-mse`, of the output pasted into the picture as for `brushbench-blended-psnr`.",
        name="brushbench-blended-mse",
        place=3,
        higher_is_better=False,
        value_range="0 to 3",
        parameters=(*_MASK, ("output", "blended-gauss21")),
        options=(("blended", True),),
        tolerance=1e-6,
        **_KNOWN,
    ),
    translated(
        EVALUATOR,
        "lpips",
        "LPIPS",
        "known:lpips_by_region",
        "lpips-squeeze.full",
        "BrushBench blackens the hole in both pictures before LPIPS, on SqueezeNet: the fill itself is not scored.",
        "LPIPS 0.1 on SqueezeNet of the raw output and the picture, the hole black in both, RGB scaled to -1 to 1.",
        place=4,
        regions=("known",),
        higher_is_better=False,
        value_range="0 to about 1; exactly 0 for equal known pixels",
        reference="`lpips.LPIPS` with the same weights, relative",
        reference_tolerance=1e-5,
        tolerance=1e-4,
        parameters=(("net", "squeeze"), ("lpips", "0.1"), ("input", "-1..1"), ("hole", "black"), ("output", "raw")),
        needs=("lpips-squeeze",),
    ),
)
