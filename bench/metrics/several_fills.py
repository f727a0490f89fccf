"""Scores of several fills of one hole in the run; the functions are those of `bench.metrics.diversity`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from bench.metrics.diversity import best_of, lpips_diversity
from bench.metrics.feature_cache import shared_cache
from bench.metrics.perceptual.backends.network import loaded
from bench.metrics.pixel_error import psnr

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison

__all__ = ["best_lpips_by_region", "best_psnr_by_region", "diversity_by_region"]


def diversity_by_region(comparison: Comparison) -> dict[str, torch.Tensor]:
    """Mean LPIPS (alex) between the fills of each image in region full, float64 [N]; raises as `lpips` does."""

    def between(fills: torch.Tensor) -> torch.Tensor:
        return lpips_diversity(fills, network=loaded("alex", comparison.network_device))

    return {"full": _of_fills(comparison, between)}


def best_psnr_by_region(comparison: Comparison) -> dict[str, torch.Tensor]:
    """PSNR of the best fill of each image in region hole, float64 [N] in dB."""

    def best(fills: torch.Tensor) -> torch.Tensor:
        values = [psnr(comparison.reference, fill, comparison.hole) for fill in fills.unbind(dim=1)]
        return best_of(torch.stack(values, dim=1), fills.shape[1], higher_is_better=True)

    return {"hole": _of_fills(comparison, best)}


def best_lpips_by_region(comparison: Comparison) -> dict[str, torch.Tensor]:
    """LPIPS (alex) of the best fill of each image in region full, float64 [N]; raises as `lpips` does."""

    def best(fills: torch.Tensor) -> torch.Tensor:
        network = loaded("alex", comparison.network_device)
        truth = shared_cache().features_of_each(network, comparison.reference)
        values = [network.distance_from(truth, fill) for fill in fills.unbind(dim=1)]
        return best_of(torch.stack(values, dim=1), fills.shape[1], higher_is_better=False)

    return {"full": _of_fills(comparison, best)}


def _of_fills(comparison: Comparison, score: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The score on the pictures' device; NaN where there is but one fill."""
    if comparison.fills is None:
        return torch.full((len(comparison.reference),), math.nan, dtype=torch.float64, device=comparison.hole.device)
    return score(comparison.fills).to(comparison.reference.device)
