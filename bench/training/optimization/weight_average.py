"""Exponential moving averages of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

__all__ = ["WeightAverage"]


class WeightAverage:
    """Averages of the parameters of networks: after each step `average += (1 - d) * (weight - average)`.

    `d = min(decay, (1 + step) / (10 + step))`, so that the initial weights soon lose their influence (as in
    TensorFlow's ExponentialMovingAverage with `num_updates`). Buffers are not averaged.

    Args:
        networks: by name; the averages begin as their present weights.
        decay: in [0, 1); 0 makes the average equal the weights.
    """

    def __init__(self, networks: Mapping[str, torch.nn.Module], decay: float) -> None:
        self.decay = decay
        self._weights: list[torch.Tensor] = [weight for network in networks.values() for weight in network.parameters()]
        self._names = [f"{name}.{key}" for name, network in networks.items() for key, _ in network.named_parameters()]
        self._averages = [weight.detach().clone() for weight in self._weights]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Update the averages with the weights after step `step`, counted from 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        if self._averages:
            torch._foreach_lerp_(self._averages, self._weights, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the networks have the averages as their weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def finalize(self) -> None:
        """Copy the averages into the networks."""
        for weight, average in zip(self._weights, self._averages, strict=True):
            weight.copy_(average)

    def state(self) -> dict[str, torch.Tensor]:
        """The averages by name, for a checkpoint."""
        return dict(zip(self._names, self._averages, strict=True))

    @torch.no_grad()
    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Load what `state` returned."""
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(state[name])

    def _swap(self) -> None:
        for index, weight in enumerate(self._weights):
            weight.data, self._averages[index] = self._averages[index], weight.data
