"""EdgeConnect (Nazeri et al., ICCVW 2019): `scripts/metrics.py` of knazeri/edge-connect."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import TORCHVISION_INCEPTION, Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="edgeconnect",
    title="EdgeConnect",
    source="knazeri/edge-connect: scripts/metrics.py, scripts/fid_score.py",
    pictures="Composited pictures from files; its own test.py truncates levels where fills here are rounded.",
    absent=(("fid", f"{TORCHVISION_INCEPTION}; it also leaves out the last batch that is not full"),),
    order=2020,
)

_GREY = ("channels", "grey(0.2125,0.7154,0.0721)")

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:grey_psnr_by_region",
        "psnr.full",
        "EdgeConnect compares grey values, ours compares RGB; one exact picture makes its mean infinite.",
        "-10 log10(MSE) of grey values 0.2125 R + 0.7154 G + 0.0721 B on the scale 0 to 1.",
        infinite_mean=True,
        unit="dB",
        value_range="0 to ∞; ∞ where all grey values are equal",
        parameters=(_GREY, ("range", "1"), ("exact", "infinite-mean")),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "EdgeConnect compares grey values under a uniform window of 51; ours has a Gaussian one of 11 on RGB.",
        "scikit-image's SSIM of grey values with a uniform window of 51, K = 0.01 and 0.03, sample covariance, over "
        "windows inside the picture. Undefined below 51x51 pixels.",
        place=1,
        value_range="-1 to 1; 1 for equal pictures",
        reference="scikit-image `structural_similarity`",
        parameters=(("window", "uniform51"), ("cov", "sample"), ("border", "valid"), _GREY, ("range", "1")),
        options=(("channels", "grey"), ("size", 51), ("sample", True)),
    ),
    translated(
        EVALUATOR,
        "mae",
        "MAE",
        "pixels:ratio_by_region",
        "l1.full",
        "EdgeConnect divides by the sum of both pictures' grey values, so dark pictures weigh more; ours by the range.",
        "Σ|a - b| / Σ(a + b) of grey values; undefined where both pictures are black.",
        place=2,
        higher_is_better=False,
        value_range="0 to 1",
        parameters=(_GREY, ("denominator", "sum(a+b)")),
        options=(("grey", True),),
        tolerance=1e-6,
    ),
)
