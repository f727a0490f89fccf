"""AOT-GAN (Zeng et al., TVCG 2022): `src/eval.py` of researchmm/AOT-GAN-for-Inpainting."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import TORCHVISION_INCEPTION, Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="aot-gan",
    title="AOT-GAN",
    source="researchmm/AOT-GAN-for-Inpainting: src/eval.py, src/metric/metric.py",
    pictures="Whole pictures from files; its own src/test.py truncates levels where fills here are rounded.",
    absent=(
        (
            "fid",
            f"{TORCHVISION_INCEPTION}; it also drops the last of its batches of 4 if that is not full, and takes the "
            "statistics of true pictures from places2_fid.pt, whatever the data set",
        ),
    ),
    order=2030,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "The same for a picture; one exact picture makes AOT-GAN's mean infinite, and counts as 100 dB in ours.",
        "scikit-image's PSNR of uint8 RGB pictures.",
        infinite_mean=True,
        unit="dB",
        value_range="0 to ∞; ∞ where all pixels are equal",
        reference="scikit-image `peak_signal_noise_ratio`",
        parameters=(("range", "255"), ("exact", "infinite-mean")),
        tolerance=1e-3,
    ),
    translated(
        EVALUATOR,
        "ssim",
        "SSIM",
        "similarity:ssim_by_region",
        "ssim.full",
        "AOT-GAN takes scikit-image's defaults: a uniform window of 7 and sample covariance; ours is Gaussian, of 11.",
        "scikit-image's SSIM of uint8 RGB pictures with its defaults: uniform window of 7, K = 0.01 and 0.03, sample "
        "covariance, windows inside the picture, mean over RGB.",
        place=1,
        value_range="-1 to 1; 1 for equal pictures",
        reference="scikit-image `structural_similarity`",
        parameters=(
            ("window", "uniform7"),
            ("cov", "sample"),
            ("border", "valid"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        options=(("size", 7), ("sample", True)),
    ),
    translated(
        EVALUATOR,
        "mae",
        "MAE",
        "pixels:ratio_by_region",
        "l1.full",
        "AOT-GAN divides by the sum of both pictures, so dark pictures weigh more; ours by the range.",
        "Σ|a - b| / Σ(a + b) over all pixels and RGB channels; undefined where both pictures are black.",
        place=2,
        higher_is_better=False,
        value_range="0 to 1",
        parameters=(("channels", "rgb"), ("denominator", "sum(a+b)")),
        tolerance=1e-6,
    ),
)
