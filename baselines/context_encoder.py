"""The context encoder for arbitrary holes (Pathak et al., CVPR 2016).

A 128x128 picture is squeezed through a vector and unfolded again. Layers as in the authors' code
(pathak22/context-encoder, `train_random.lua`); see docs/explanation/baselines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.config import BaselineConfig
from baselines.layers import normed
from baselines.network import COMMON, InpaintingNetwork

__all__ = ["LIBRARIES", "SIDE", "SOURCES", "ContextEncoder", "ContextEncoderConfig"]

SOURCES = (*COMMON, "baselines.context_encoder")
LIBRARIES = ("torch",)

SIDE = 128
"""Pixels a side of what the network sees and makes."""

_FILL = (117 / 255, 104 / 255, 123 / 255)  # the order in which the authors' code has it


@dataclass(frozen=True)
class ContextEncoderConfig(BaselineConfig):
    """Sizes of the context encoder.

    Attributes:
        base_channels: after the first convolution; 8 times as many before the vector.
        bottleneck: length of the vector.
    """

    base_channels: int = 64
    bottleneck: int = 4000

    @classmethod
    def small(cls) -> Self:
        """A quarter of the paper's width, a vector of 400: 2 million parameters."""
        return cls(base_channels=16, bottleneck=400)


class ContextEncoder(InpaintingNetwork):
    """Context encoder; it knows 128x128 pixels only.

    Larger pictures are shrunk to that, by the mean of the known pixels, and the fill is enlarged bilinearly: it cannot
    be sharper than 128 pixels a side. Smaller ones are enlarged first.

    Args:
        config: sizes.
    """

    configuration = ContextEncoderConfig
    colour: Tensor

    def __init__(self, config: ContextEncoderConfig) -> None:
        super().__init__(config)
        base = config.base_channels
        widths = [base, base, 2 * base, 4 * base, 8 * base]
        self.encoder = nn.Sequential(
            nn.Conv2d(3, base, kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            *(normed(_half(*pair), pair[1], nn.LeakyReLU(0.2, inplace=True)) for pair in pairwise(widths)),
            normed(nn.Conv2d(8 * base, config.bottleneck, 4), config.bottleneck, nn.LeakyReLU(0.2, inplace=True)),
        )
        self.decoder = nn.Sequential(
            normed(nn.ConvTranspose2d(config.bottleneck, 8 * base, 4), 8 * base, nn.ReLU(inplace=True)),
            *(normed(_double(*pair), pair[1], nn.ReLU(inplace=True)) for pair in pairwise(reversed(widths))),
            _double(base, 3),
        )
        self.register_buffer("colour", torch.tensor(_FILL).view(1, 3, 1, 1), persistent=False)
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        hidden, missing = self.prepare(image, hole)
        hidden, missing = _resized(hidden, missing)
        output = self.decoder(self.encoder(torch.where(missing, self.colour, hidden) * 2 - 1)).float().tanh()
        picture: Tensor = (output + 1) / 2
        size = (image.shape[2], image.shape[3])
        if size == (SIDE, SIDE):
            return picture
        return functional.interpolate(picture, size=size, mode="bilinear", align_corners=False)


def _resized(hidden: Tensor, missing: Tensor) -> tuple[Tensor, Tensor]:
    """Picture and hole at 128x128: the mean of the known pixels, and where there are none."""
    if hidden.shape[2:] == (SIDE, SIDE):
        return hidden, missing
    share = functional.adaptive_avg_pool2d((~missing).float(), SIDE)
    return functional.adaptive_avg_pool2d(hidden, SIDE) / share.clamp(min=1e-6), share == 0


def _half(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1)


def _double(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)
