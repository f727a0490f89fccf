"""Running statistics of batch normalisation, measured for averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from bench.training.data.batches import TrainingBatch

__all__ = ["has_running_statistics", "measure_running_statistics"]

Layer = nn.modules.batchnorm._NormBase
"""Base of torch's layers that may keep running statistics."""


def has_running_statistics(networks: Iterable[nn.Module]) -> bool:
    """Whether any of the networks has a layer that keeps running statistics."""
    return bool(_layers(networks))


@torch.no_grad()
def measure_running_statistics(
    networks: Iterable[nn.Module], forward: Callable[[TrainingBatch], object], batches: Iterable[TrainingBatch]
) -> None:
    """Replace running statistics by the plain mean over `batches`.

    The statistics of training belong to weights that changed since, and mostly to the last few batches. Averaged
    weights were never used on a batch, so their statistics must be measured (Izmailov et al. 2018;
    `torch.optim.swa_utils.update_bn`).

    Layers that `forward` does not call, or that are in evaluation mode, keep their statistics. Dropout is off, as it is
    at inference.

    Args:
        networks: in training mode.
        forward: runs them on a batch.
        batches: training batches; with none the statistics stay as they are.
    """
    networks = list(networks)
    momenta: dict[Layer, float | None] = {}
    modules = (module for network in networks for module in network.modules())
    dropouts = [layer for layer in modules if isinstance(layer, nn.modules.dropout._DropoutNd) and layer.training]
    for dropout in dropouts:
        dropout.eval()
    for number, batch in enumerate(batches):
        if number == 0:
            momenta = {layer: layer.momentum for layer in _updated(_layers(networks), forward, batch)}
            for layer in momenta:
                layer.reset_running_stats()
                layer.momentum = None  # a cumulative mean
        forward(batch)
    for layer, momentum in momenta.items():
        layer.momentum = momentum
    for dropout in dropouts:
        dropout.train()


def _updated(layers: Iterable[Layer], forward: Callable[[TrainingBatch], object], batch: TrainingBatch) -> list[Layer]:
    """The layers whose statistics a forward pass changes."""
    found: dict[Layer, None] = {}

    def note(layer: nn.Module, *_: object) -> None:
        if isinstance(layer, Layer) and layer.training:
            found[layer] = None

    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        forward(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return list(found)


def _layers(networks: Iterable[nn.Module]) -> list[Layer]:
    modules = (module for network in networks for module in network.modules())
    return [module for module in modules if isinstance(module, Layer) and module.track_running_stats]
