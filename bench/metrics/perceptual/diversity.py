"""Diversity of several fills of one hole: how much they differ, by LPIPS (BicycleGAN: Zhu et al., 2017).

Reference: `lpips.LPIPS` of all pairs; held to a relative 1e-5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.perceptual.best_of import FILLS, SEVERAL_FILLS_ONLY
from bench.metrics.perceptual.lpips import PARAMETERS

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput
    from bench.metrics.perceptual.backends.network import Lpips, LpipsNet

__all__ = ["DEFINITIONS", "lpips_diversity"]

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
        implementation="bench.metrics.perceptual.backends.several_fills:diversity_by_region",
        order=520,
        regions=("full",),
        parameters=(("net", "alex"), *PARAMETERS, ("fills", str(FILLS))),
        needs=("lpips-alex",),
        fills=FILLS,
        needs_truth=False,
    ),
)


def lpips_diversity(fills: ArrayInput, net: LpipsNet = "alex", network: Lpips | None = None) -> torch.Tensor:
    """Mean LPIPS between all pairs of fills of each image, after BicycleGAN (Zhu et al., 2017).

    Higher means more different fills, good or bad ones: print it beside a distance to the truth. All fills of an image
    have the same known pixels, so the larger the hole the higher.

    Args:
        fills: uint8 [N, K, 3, H, W], K >= 2 composited fills of each image, in any order; or the fills of a single
            image, in any form that `lpips` takes.
        net: `alex`, `vgg` or `squeeze`, with the published weights.
        network: a network at hand in place of `net`.

    Returns:
        float64 [N]; without axes for a single image.

    Raises:
        DataError: the fills are not what they must be.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
    """
    from bench.metrics.perceptual.backends.several_fills import diversity

    return diversity(fills, net, network)
