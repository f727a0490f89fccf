"""Deep features in the run: those of untouched pictures are taken once and shared by all models and protocols."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import torch

from bench.metrics.feature_cache import shared_cache
from bench.metrics.inception import Inception
from bench.metrics.perceptual.backends.network import LpipsNet, loaded

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison
    from bench.metrics.inception import InceptionKind

__all__ = ["completed_features", "lpips_by_region", "true_features"]


@cache
def _inception(kind: str, device: str) -> Inception:
    return Inception(cast("InceptionKind", kind), device)


def lpips_by_region(comparison: Comparison, *, net: LpipsNet) -> dict[str, torch.Tensor]:
    """LPIPS of the composited picture in region full, float64 [N].

    Raises:
        WeightsMissing: the network's weights are not at hand.
        DataError: the pictures are too small.
    """
    network = loaded(net, comparison.network_device)
    truth = shared_cache().features_of_each(network, comparison.reference)
    return {"full": network.distance_from(truth, comparison.completed).to(comparison.reference.device)}


def true_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """Inception features of untouched pictures, uint8 [N, 3, H, W] -> float32 [N, 2048] on the CPU, taken once."""
    return shared_cache().features(_inception(kind, device), pictures)[0].cpu()


def completed_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """The same of pictures that nobody asks for again."""
    return _inception(kind, device).features(pictures).cpu()
