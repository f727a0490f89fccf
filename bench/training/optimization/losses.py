"""The weighted sum of loss terms, and running means of the terms that stay on the device."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from lightning_fabric import Fabric

from bench.errors import Failure
from bench.training.optimization.parallel import mean_over_processes
from bench.training.recipe import OptimizerSpec, TensorMapping

__all__ = ["LossMeter", "term_weights", "weighted_sum"]


def term_weights(spec: OptimizerSpec, progress: float) -> dict[str, float]:
    """Weights of the loss terms when `progress` (0 to 1) of the stage's budget is spent."""
    ramps = {name: spec.ramps[name].factor(progress) if name in spec.ramps else 1.0 for name in spec.weights}
    return {name: weight * ramps[name] for name, weight in spec.weights.items()}


def weighted_sum(
    spec: OptimizerSpec, terms: TensorMapping, weights: Mapping[str, float | torch.Tensor]
) -> torch.Tensor:
    """The loss that an optimizer minimises.

    Args:
        spec: of the optimizer.
        terms: its loss terms, and those that are only logged.
        weights: as `term_weights` gives them, or the same as scalar tensors.

    Raises:
        Failure: the recipe returned other terms than those that the optimizer has weights for.
    """
    wanted = {*spec.weights, *spec.logged}
    if set(terms) != wanted:
        found = ", ".join(sorted(terms)) or "none"
        raise Failure(f"loss terms of optimizer '{spec.name}'", f"be {', '.join(sorted(wanted))}", found)
    return torch.stack([weight * terms[name].float() for name, weight in weights.items()]).sum()


class LossMeter:
    """Means of all loss terms since the last reading; adding terms does not make the host wait for the device.

    All that changes in a step are tensors that stay where they are, so that a captured step may contain `add` and
    `end_step`.
    """

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._names: dict[str, list[str]] = {}
        self._sums: dict[str, torch.Tensor] = {}  # by optimizer: float32 [terms]
        self._non_finite: dict[str, torch.Tensor] = {}  # by optimizer: 1 / first step that was not finite, else 0
        self._steps = torch.zeros((), device=fabric.device)

    @torch.no_grad()
    def add(self, optimizer: str, terms: TensorMapping) -> None:
        """Add the terms of one optimizer in the present step."""
        values = torch.stack([value.detach().float() for value in terms.values()])
        if optimizer not in self._sums:
            self._names[optimizer] = [f"{optimizer}.{name}" for name in terms]
            self._sums[optimizer], self._non_finite[optimizer] = torch.zeros_like(values), torch.zeros_like(values)
        self._sums[optimizer] += values
        found = (~values.isfinite()).float() / (self._steps + 1)
        torch.maximum(self._non_finite[optimizer], found, out=self._non_finite[optimizer])

    def end_step(self) -> None:
        """Count a step, after the terms of all optimizers were added."""
        self._steps += 1

    def read(self, advice: str) -> dict[str, float]:
        """Means over the steps since the last reading and over processes; resets the meter.

        Raises:
            Failure: a term was not finite; names the first such term. `advice` ends the message.
        """
        steps = int(self._steps)
        if not steps:
            return {}
        names = [name for names in self._names.values() for name in names]
        sums = mean_over_processes(self._fabric, torch.cat(list(self._sums.values()))).tolist()
        non_finite = mean_over_processes(self._fabric, torch.cat(list(self._non_finite.values()))).tolist()
        for tensor in (self._steps, *self._sums.values(), *self._non_finite.values()):
            tensor.zero_()
        if any(non_finite):
            # the optimizers are in the order of their steps, so the first of equal values came first
            earliest = max(range(len(names)), key=lambda index: non_finite[index])
            raise Failure(f"loss term '{names[earliest]}'", "be finite", "NaN or infinity", advice)
        return {name: total / steps for name, total in zip(names, sums, strict=True)}
