"""SG-Net for the hole's pixels alone: its second half computes nothing that none of them depends on.

The fill is the same but for rounding: a smaller convolution may add in another order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spgnet.networks import Generator, SGNet
from spgnet.receptive_field import Chain, Join, Window

__all__ = ["HoleGenerator", "HoleSGNet"]


class HoleSGNet(nn.Module):
    """SG-Net, with the input's own pixels outside the hole."""

    def __init__(self, sgnet: SGNet) -> None:
        super().__init__()
        self.sgnet = sgnet

    def forward(self, image: Tensor, labels: Tensor | None, hole: Tensor) -> Tensor:
        """See SGNet; float32 [N, 3, H, W] in [0, 1]."""
        return torch.where(hole, self.sgnet(image, labels, hole), image.float())


class HoleGenerator(nn.Module):
    """SG-Net's generator, computed in the smallest rectangle around all holes of the batch, and 0 elsewhere."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Values of the last layer, float32 [N, 3, H, W]; arguments as SGNet's."""
        values = torch.zeros_like(image, dtype=torch.float32)
        if (window := _around(hole)) is not None:
            (top, bottom), (left, right) = window
            features, skipped = self.generator.encode(image, labels, hole)
            joined = (
                part
                for index, layer in enumerate(self.generator.up)
                for part in ((Join(skipped[index]), layer) if index in skipped else (layer,))
            )
            rest = Chain([*self.generator.middle, *joined])
            values[..., top:bottom, left:right] = rest.window(features, window)
        return values


def _around(hole: Tensor) -> Window | None:
    """The smallest rectangle around all holes of bool [N, 1, H, W]; None where nothing is missing."""
    rows, columns = (hole.any(dim=axes).nonzero().flatten().tolist() for axes in ((0, 1, 3), (0, 1, 2)))
    return ((rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1)) if rows else None
