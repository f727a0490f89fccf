"""Running means of loss terms, kept on the device, and the first term that was not finite."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from bench.errors import Failure
from bench.training.parallel import mean_over_processes
from bench.training.recipe import OptimizerSpec, Tensors

__all__ = ["TermMeans", "weighted_sum"]


def weighted_sum(spec: OptimizerSpec, terms: Tensors) -> torch.Tensor:
    """The loss of a player.

    Raises:
        Failure: the recipe's terms are not those that the player has weights for.
    """
    if set(terms) != set(spec.weights):
        found = ", ".join(sorted(terms)) or "none"
        raise Failure(f"loss terms of player '{spec.name}'", f"be {', '.join(sorted(spec.weights))}", found)
    return torch.stack([weight * terms[name].float() for name, weight in spec.weights.items()]).sum()


class TermMeans:
    """Means of all terms since the last reading; adding to them never makes the host wait for the device."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._names: dict[str, list[str]] = {}
        self._sums: dict[str, torch.Tensor] = {}  # by player: float32 [terms]
        self._alarms: dict[str, torch.Tensor] = {}  # by player: 1 / first step that was not finite, 0 if none
        self._count = 0

    def add(self, spec: str, terms: Tensors) -> None:
        """Take in the terms of a player's turn."""
        values = torch.stack([value.detach().float() for value in terms.values()])
        if spec not in self._sums:
            self._names[spec] = [f"{spec}.{name}" for name in terms]
            self._sums[spec], self._alarms[spec] = torch.zeros_like(values), torch.zeros_like(values)
        self._sums[spec] += values
        alarm = (~values.isfinite()).float() / (self._count + 1)
        self._alarms[spec] = torch.maximum(self._alarms[spec], alarm)

    def next_step(self) -> None:
        """Count a step of which all players have been added."""
        self._count += 1

    def read(self, advice: str) -> dict[str, float]:
        """Means over the steps since the last reading and over processes; begins anew.

        Raises:
            Failure: a term was not finite; names the first such term. `advice` ends the message.
        """
        if not self._count:
            return {}
        names = [name for spec in self._names.values() for name in spec]
        sums = mean_over_processes(self._fabric, torch.cat(list(self._sums.values()))).tolist()
        alarms = mean_over_processes(self._fabric, torch.cat(list(self._alarms.values()))).tolist()
        count, self._count = self._count, 0
        self._sums.clear()
        self._alarms.clear()
        if any(alarms):
            earliest = max(range(len(names)), key=lambda index: alarms[index])  # of equals the first: turns are ordered
            raise Failure(f"loss term '{names[earliest]}'", "be finite", "NaN or infinity", advice)
        return {name: total / count for name, total in zip(names, sums, strict=True)}
