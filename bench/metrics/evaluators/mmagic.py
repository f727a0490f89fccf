"""MMagic, formerly MMEditing: `mmagic/evaluation/metrics/` of open-mmlab/mmagic under its inpainting configurations."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="mmagic",
    title="MMagic",
    source="open-mmlab/mmagic: mmagic/evaluation/metrics/, configs/_base_/datasets/places.py",
    pictures="Composited pictures in memory, not rounded to levels; fills here are.",
    order=2050,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "l1",
        "l1 error",
        "pixels:hole_error_by_region",
        "l1.hole",
        "No difference: the hole alone, in percent of the range. Without a hole it is 0 there and undefined here.",
        "100 Σ|a - b| / (255 · 3 · pixels of the hole) over the hole.",
        regions=("hole",),
        unit="%",
        higher_is_better=False,
        value_range="0 to 100",
        parameters=(("mask", "hole"), ("scale", "100")),
        tolerance=1e-4,
    ),
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "The same for a picture; one exact picture makes MMagic's mean infinite, and counts as 100 dB in ours.",
        "10 log10(255² / MSE) of each picture over all pixels and RGB channels.",
        place=1,
        infinite_mean=True,
        unit="dB",
        value_range="0 to ∞; ∞ where all pixels are equal",
        parameters=(("range", "255"), ("exact", "infinite-mean")),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "No difference: a Gaussian window of 11, inside the picture alone, mean over RGB.",
        "SSIM with a Gaussian window of 11 and sigma 1.5, K = 0.01 and 0.03, population covariance, over windows "
        "inside the picture, averaged over pixels and RGB channels.",
        place=2,
        value_range="-1 to 1; 1 for equal pictures",
        parameters=(
            ("window", "gauss11"),
            ("sigma", "1.5"),
            ("border", "valid"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        options=(("gaussian", 1.5),),
    ),
)
