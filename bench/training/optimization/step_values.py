"""Numbers that change from step to step, kept on the device."""

from __future__ import annotations

from collections.abc import Hashable

import torch

__all__ = ["StepValues"]


class StepValues:
    """Scalars by key, float32 on the device: a captured step reads the present ones, each at its own address.

    Args:
        device: of the scalars.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._tensors: dict[Hashable, torch.Tensor] = {}
        self._values: dict[Hashable, float] = {}

    def __getitem__(self, key: Hashable) -> torch.Tensor:
        """The scalar of a key; 0 before it is set."""
        if key not in self._tensors:
            self._tensors[key] = torch.zeros((), device=self._device)
            self._values[key] = 0.0
        return self._tensors[key]

    def set(self, key: Hashable, value: float) -> None:
        """Change a scalar; the host does not wait for the device."""
        tensor = self[key]
        if value != self._values[key]:
            tensor.fill_(value)
            self._values[key] = value
