"""The best of several fills of one hole, by PSNR and by LPIPS.

Reference: the best of `psnr`, and of `lpips.LPIPS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.perceptual.lpips import PARAMETERS
from bench.metrics.pixel.psnr import PSNR_CAP

if TYPE_CHECKING:
    import torch

__all__ = ["DEFINITIONS", "FILLS", "SEVERAL_FILLS_ONLY", "best_of"]

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
        implementation="bench.metrics.perceptual.backends.several_fills:best_psnr_by_region",
        order=501,
        regions=("hole",),
        parameters=(("range", "255"), ("fills", str(FILLS))),
        cap=PSNR_CAP,
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
        implementation="bench.metrics.perceptual.backends.several_fills:best_lpips_by_region",
        order=500,
        regions=("full",),
        parameters=(("net", "alex"), *PARAMETERS, ("fills", str(FILLS))),
        needs=("lpips-alex",),
        fills=FILLS,
    ),
)


def best_of(values: torch.Tensor, k: int, *, higher_is_better: bool) -> torch.Tensor:
    """What the best of `k` fills scores on average, over all choices of `k` out of the K fills there are.

    With k = K that is the best fill; with k = 1 the mean. It needs no seed, and models that gave different numbers of
    fills can be compared at the same k: the best of more fills is better.

    Args:
        values: float [N, K], a metric of each fill; NaN (undefined) where one of an image is makes its result NaN.
        k: 1 to K.
        higher_is_better: the metric's direction.

    Returns:
        float64 [N].

    Raises:
        DataError: the values are not a float matrix.
        UsageError: k is not from 1 to K.
    """
    from bench.metrics.perceptual.backends.several_fills import expected_best

    return expected_best(values, k, higher_is_better=higher_is_better)
