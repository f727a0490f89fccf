"""MAT (Li et al., CVPR 2022): `evaluatoin/` (its spelling) of fenglinglwb/MAT."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import Evaluator, translated

__all__ = ["DEFINITIONS", "EVALUATOR"]

EVALUATOR = Evaluator(
    name="mat",
    title="MAT",
    source="fenglinglwb/MAT: evaluatoin/cal_psnr_ssim_l1.py, cal_lpips.py, cal_fid_pids_uids.py",
    pictures="Whole pictures from files, as they were saved.",
    absent=(
        ("fid", "it needs the TorchScript Inception of StyleGAN2-ADA, which is not at hand; covariances with N"),
        ("p-ids, u-ids", "the rule is that of p-ids and u-ids, on features of the same missing network"),
    ),
    order=2010,
)

DEFINITIONS = (
    translated(
        EVALUATOR,
        "psnr",
        "PSNR",
        "pixels:psnr_by_region",
        "psnr.full",
        "The same for a picture; one exact picture makes MAT's mean infinite, and counts as 100 dB in ours.",
        "10 log10(255² / MSE) of each picture over all pixels and RGB channels.",
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
        place=1,
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
    translated(
        EVALUATOR,
        "l1",
        "L1",
        "pixels:mean_absolute_by_region",
        "l1.full",
        "MAT prints a share of the range, ours is in percent: 0.01 is 1 %.",
        "Mean of |a - b| / 255 over all pixels and RGB channels of a picture.",
        place=2,
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
