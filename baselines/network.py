"""The base of all learned baselines: one form of input and output, and weights on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from baselines import weights
from baselines.config import BaselineConfig
from baselines.layers import pad_mirrored
from spgnet.arguments import check_range, hide

__all__ = ["COMMON", "InpaintingNetwork"]

COMMON = (
    "baselines.config",
    "baselines.layers",
    "baselines.network",
    "baselines.weights",
    "spgnet.arguments",
    "spgnet.config",
    "spgnet.weights",
)
"""Modules whose source text the fill of every learned baseline depends on."""


class InpaintingNetwork(nn.Module, ABC):
    """A network that fills holes: `network(image, hole)`.

    Hole pixels of the picture are blanked before anything else and never read. A new network is in evaluation mode,
    where a fill uses no statistics of the batch. Pictures of any size are mirrored at the bottom and the right up to
    `multiple` and `smallest`, and the fill is cut back.

    Args:
        config: sizes; weights are drawn from torch's global random numbers.

    Attributes:
        multiple: sides that the network itself needs are multiples of this.
        smallest: and at least this many pixels.
        configuration: class of the config.
    """

    multiple: ClassVar[int] = 1
    smallest: ClassVar[int] = 1
    configuration: ClassVar[type[BaselineConfig]]

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """The whole picture, known pixels included (nothing is composited).

        Args:
            image: floating-point [N, 3, H, W] in [0, 1] outside the hole; hole pixels are not read.
            hole: bool [N, 1, H, W], True = missing.

        Returns:
            float32 [N, 3, H, W] in [0, 1].

        Raises:
            TypeError, ValueError: for another dtype, shape, or (in evaluation mode) range.
        """

    @classmethod
    def from_pretrained(cls, name: str | Path, device: str | torch.device = "cpu") -> Self:
        """Load weights by a shipped name or a path; raises ValueError for what `baselines.weights` refuses."""
        state, header = weights.read(name, cls.__name__)
        with torch.random.fork_rng(devices=[]):  # loading draws nothing from the caller's random numbers
            network = cls(cls.configuration.from_dict(header.config))
        weights.load_state(network, state, f"weights {name}")
        return network.to(device)

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write `path`.safetensors and `path`.json; `half` stores filters in float16."""
        weights.save(path, self.state_dict(), type(self).__name__, self.config.to_dict(), half=half)

    def prepare(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Check and hide, then pad: float32 [N, 3, h, w] that is 0 in the hole, and the hole, bool [N, 1, h, w]."""
        hidden = hide(image, hole)
        if not (self.training or torch.compiler.is_compiling()):  # reading values makes a device wait
            check_range(hidden)
        return (
            pad_mirrored(hidden, self.multiple, self.smallest),
            pad_mirrored(hole, self.multiple, self.smallest),
        )
