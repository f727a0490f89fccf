"""The best of several fills of one hole, by PSNR and by LPIPS."""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.perceptual.lpips import PARAMETERS

__all__ = ["DEFINITIONS", "FILLS", "SEVERAL_FILLS_ONLY"]

FILLS = 4
"""How many fills of a hole the metrics of several fills are taken of."""

SEVERAL_FILLS_ONLY = "For models that give several fills of a hole; undefined for others."

DEFINITIONS = (
    MetricDefinition(
        name=f"best-of-{FILLS}-psnr",
        title=f"PSNR (best of {FILLS})",
        unit="dB",
        higher_is_better=True,
        summary=f"PSNR of the best of {FILLS} fills",
        definition=f"`psnr` of each of {FILLS} fills of one hole, and the greatest. {SEVERAL_FILLS_ONLY}",
        value_range="0 to ∞; ∞ where the pixels are equal",
        reference="the greatest of `psnr`",
        reference_tolerance=1e-9,
        blind_to="The other fills, and what `psnr` is blind to. More fills have a better best: compare equal numbers.",
        implementation="bench.metrics.several_fills:best_psnr_by_region",
        order=501,
        regions=("hole",),
        parameters=(("range", "255"), ("fills", str(FILLS))),
        fills=FILLS,
    ),
    MetricDefinition(
        name=f"best-of-{FILLS}-lpips-alex",
        title=f"LPIPS (Alex, best of {FILLS})",
        unit="",
        higher_is_better=False,
        summary=f"LPIPS of the best of {FILLS} fills",
        definition=f"`lpips-alex` of each of {FILLS} fills of one hole, and the least. {SEVERAL_FILLS_ONLY}",
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="the least of `lpips.LPIPS`, relative",
        reference_tolerance=1e-5,
        blind_to="The other fills, and what `lpips-alex` is blind to.",
        implementation="bench.metrics.several_fills:best_lpips_by_region",
        order=500,
        regions=("full",),
        parameters=(("net", "alex"), *PARAMETERS, ("fills", str(FILLS))),
        needs=("lpips-alex",),
        fills=FILLS,
    ),
)
