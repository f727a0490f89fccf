"""Exponential moving averages of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from bench.training.optimization.step_values import StepValues

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
        self._values = StepValues(self._weights[0].device if self._weights else torch.device("cpu"))

    def prepare(self, step: int) -> None:
        """Set the decay for the update after step `step`, counted from 1."""
        self._values.set("gain", 1 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def update(self) -> None:
        """Update the averages with the present weights; a captured step may contain it."""
        if self._averages:
            changes = torch._foreach_sub(self._weights, self._averages)
            torch._foreach_mul_(changes, self._values["gain"])
            torch._foreach_add_(self._averages, changes)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the networks have the averages as their weights.

        Values are copied: a captured step holds the addresses of the weights.
        """
        own = [weight.detach().clone() for weight in self._weights]
        self.finalize()
        try:
            yield
        finally:
            self._copy(own)

    def finalize(self) -> None:
        """Copy the averages into the networks."""
        self._copy(self._averages)

    def state(self) -> dict[str, torch.Tensor]:
        """The averages by name, for a checkpoint."""
        return dict(zip(self._names, self._averages, strict=True))

    @torch.no_grad()
    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Load what `state` returned."""
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(state[name])

    @torch.no_grad()
    def _copy(self, values: list[torch.Tensor]) -> None:
        for weight, value in zip(self._weights, values, strict=True):
            weight.copy_(value)
