"""LPIPS between pictures, and in a run, where features of untouched pictures are taken once for all models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bench.metrics.arguments import check_pair
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.perceptual.backends.network import LpipsNet, loaded

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["distance", "lpips_by_region"]


def distance(reference: torch.Tensor, completed: torch.Tensor, net: LpipsNet) -> torch.Tensor:
    """See `bench.metrics.lpips`."""
    check_pair(reference, completed)
    network = loaded(net, str(reference.device))
    return network.distance(network.features(reference), network.features(completed))


def lpips_by_region(view: BatchView, *, net: LpipsNet) -> dict[str, torch.Tensor]:
    """LPIPS of the composited picture in region full, float64 [N].

    Raises:
        WeightsMissing: the network's weights are not at hand.
        DataError: the pictures are too small.
    """
    network = loaded(net, view.network_device)
    truth = shared_cache().features_of_each(network, view.reference)
    return {"full": network.distance_from(truth, view.completed).to(view.reference.device)}
