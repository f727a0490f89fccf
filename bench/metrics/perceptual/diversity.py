"""Diversity of several fills of one hole: how much they differ, by LPIPS."""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition
from bench.metrics.perceptual.best_of import FILLS, SEVERAL_FILLS_ONLY
from bench.metrics.perceptual.lpips import PARAMETERS

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="diversity-lpips-alex",
        title="Diversity (LPIPS Alex)",
        unit="",
        higher_is_better=True,
        summary=f"how much {FILLS} fills of one hole differ: mean LPIPS between all pairs of them",
        definition=(
            f"`lpips-alex` between all pairs of {FILLS} composited fills of one hole, and the mean, after BicycleGAN "
            f"(Zhu et al., 2017). {SEVERAL_FILLS_ONLY}"
        ),
        value_range="0 to about 1; 0 for equal fills",
        reference="`lpips.LPIPS` of all pairs, relative",
        reference_tolerance=1e-5,
        blind_to="Quality: noise is diverse. Read it beside a distance to the truth; it grows with the hole.",
        implementation="bench.metrics.several_fills:diversity_by_region",
        order=520,
        regions=("full",),
        parameters=(("net", "alex"), *PARAMETERS, ("fills", str(FILLS))),
        needs=("lpips-alex",),
        fills=FILLS,
    ),
)
