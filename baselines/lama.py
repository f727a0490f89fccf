"""LaMa (Suvorov et al., WACV 2022): a residual network of fast Fourier convolutions.

Layers as in the authors' code (advimman/lama); see docs/explanation/baselines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from baselines.config import BaselineConfig
from baselines.fourier import FourierConvolution
from baselines.layers import crop, normed
from baselines.network import COMMON, InpaintingNetwork

__all__ = ["LIBRARIES", "SOURCES", "LaMa", "LaMaConfig"]

SOURCES = (*COMMON, "baselines.fourier", "baselines.lama")
LIBRARIES = ("torch",)


@dataclass(frozen=True)
class LaMaConfig(BaselineConfig):
    """Sizes of LaMa.

    Attributes:
        base_channels: after the first convolution; 8 times as many in the middle.
        blocks: residual blocks in the middle, of two Fourier convolutions each.
        global_share: of the channels in the middle.
    """

    base_channels: int = 64
    blocks: int = 9
    global_share: float = 0.75

    @classmethod
    def big(cls) -> Self:
        """Big LaMa: 51 million parameters."""
        return cls(blocks=18)

    @classmethod
    def small(cls) -> Self:
        """A quarter of the paper's width: 1.7 million parameters."""
        return cls(base_channels=16)


class LaMa(InpaintingNetwork):
    """LaMa's generator; sides become multiples of 8, at least 16.

    Args:
        config: sizes.
    """

    multiple = 8
    smallest = 16
    configuration = LaMaConfig

    def __init__(self, config: LaMaConfig) -> None:
        super().__init__(config)
        width = config.base_channels
        whole = int(8 * width * config.global_share)
        local = 8 * width - whole
        self.down = nn.Sequential(
            nn.ReflectionPad2d(3),
            normed(nn.Conv2d(4, width, kernel_size=7, bias=False), width, nn.ReLU(inplace=True)),
            normed(_half(width, 2 * width), 2 * width, nn.ReLU(inplace=True)),
            normed(_half(2 * width, 4 * width), 4 * width, nn.ReLU(inplace=True)),
        )
        self.to_local = normed(_half(4 * width, local), local, nn.ReLU(inplace=True))
        self.to_whole = normed(_half(4 * width, whole), whole, nn.ReLU(inplace=True))
        self.middle = nn.ModuleList(_Residual(local, whole) for _ in range(config.blocks))
        self.up = nn.Sequential(
            normed(_double(8 * width, 4 * width), 4 * width, nn.ReLU(inplace=True)),
            normed(_double(4 * width, 2 * width), 2 * width, nn.ReLU(inplace=True)),
            normed(_double(2 * width, width), width, nn.ReLU(inplace=True)),
            nn.ReflectionPad2d(3),
        )
        self.head = nn.Conv2d(width, 3, kernel_size=7)
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        hidden, missing = self.prepare(image, hole)
        values = self.down(torch.cat([hidden, missing.to(hidden.dtype)], dim=1))
        local, whole = self.to_local(values), self.to_whole(values)
        for block in self.middle:
            local, whole = block(local, whole)
        output: Tensor = self.head(self.up(torch.cat([local, whole], dim=1)))
        return crop(output, image).float().sigmoid()


class _Residual(nn.Module):
    def __init__(self, local: int, whole: int) -> None:
        super().__init__()
        self.first, self.second = FourierConvolution(local, whole), FourierConvolution(local, whole)

    def forward(self, local: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
        output = self.second(*self.first(local, whole))
        return local + output[0], whole + output[1]


def _half(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1, bias=False, padding_mode="reflect")


def _double(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, kernel_size=3, stride=2, padding=1, output_padding=1)
