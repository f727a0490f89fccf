"""Running statistics of batch normalisation that belong to the averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from bench.training.batches import TrainingBatch

__all__ = ["has_running_statistics", "measure_running_statistics"]


def has_running_statistics(networks: Iterable[nn.Module]) -> bool:
    """Whether any of the networks has a layer that keeps running statistics."""
    return bool(_layers(networks))


@torch.no_grad()
def measure_running_statistics(
    networks: Iterable[nn.Module], forward: Callable[[TrainingBatch], object], batches: Iterable[TrainingBatch]
) -> None:
    """Replace running statistics by the plain mean over `batches`.

    Those of training are of weights that moved on, and lean on the last few batches. Averaged weights never saw a batch
    at all, so their statistics must be measured (Izmailov et al. 2018; `torch.optim.swa_utils.update_bn`).

    Args:
        networks: in training mode.
        forward: runs them on a batch.
        batches: training batches; with none the statistics stay as they are.
    """
    layers = _layers(networks)
    momenta = [layer.momentum for layer in layers]
    for number, batch in enumerate(batches):
        if number == 0:
            for layer in layers:
                layer.reset_running_stats()
                layer.momentum = None  # a cumulative mean
        forward(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def _layers(networks: Iterable[nn.Module]) -> list[nn.modules.batchnorm._NormBase]:
    modules = (module for network in networks for module in network.modules())
    kinds = nn.modules.batchnorm._NormBase
    return [module for module in modules if isinstance(module, kinds) and module.track_running_stats]
