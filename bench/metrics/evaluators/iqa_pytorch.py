"""IQA-PyTorch: `pyiqa` of chaofengc/IQA-PyTorch with its default configurations."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="iqa-pytorch",
    title="IQA-PyTorch",
    source="chaofengc/IQA-PyTorch: pyiqa/archs/psnr_arch.py, ssim_arch.py, pyiqa/default_model_configs.py",
    pictures="Whole pictures, as they were saved.",
    absent=(
        ("lpips", "it is our lpips-alex"),
        ("psnry", "versions differ in the range of its luma"),
        ("fid", "it is our fid-clean up to the network's file, which was not compared"),
    ),
    order=2060,
)

_WINDOW = (("window", "gauss11"), ("sigma", "1.5"), ("border", "valid"), ("contrast", "clipped-at-0"))

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "IQA-PyTorch adds 1e-8 in the logarithm, so exact pictures have 80 dB; they count as 100 dB in ours.",
        "-10 log10(MSE + 1e-8) over all pixels and RGB channels on the scale 0 to 1.",
        unit="dB",
        value_range="0 to 80",
        parameters=(("range", "1"), ("epsilon", "1e-8")),
        options=(("epsilon", 1e-8),),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "IQA-PyTorch's `ssim` compares luma, rounded to levels, and clips negative contrast terms; ours compares RGB.",
        "SSIM of 0.299 R + 0.587 G + 0.114 B rounded to whole levels: Gaussian window of 11 and sigma 1.5, K = 0.01 "
        "and 0.03, population covariance, windows inside the picture, a negative contrast-structure term counts as 0.",
        place=1,
        value_range="0 to 1; 1 for equal pictures",
        parameters=(*_WINDOW, ("channels", "luma-rounded"), ("range", "255")),
        options=(("channels", "luma"), ("gaussian", 1.5), ("clip_contrast", True)),
    ),
    translated(
        EVALUATOR,
        "ssimc",
        "SSIM-C",
        "similarity:ssim_by_region",
        "ssim.full",
        "IQA-PyTorch's `ssimc` compares RGB as ours does, and clips negative contrast terms.",
        "SSIM with a Gaussian window of 11 and sigma 1.5, K = 0.01 and 0.03, population covariance, windows inside the "
        "picture, a negative contrast-structure term counts as 0, averaged over pixels and RGB channels.",
        place=2,
        value_range="0 to 1; 1 for equal pictures",
        parameters=(*_WINDOW, ("channels", "rgb"), ("range", "255")),
        options=(("gaussian", 1.5), ("clip_contrast", True)),
    ),
)
