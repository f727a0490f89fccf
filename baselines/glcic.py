"""GLCIC's completion network (Iizuka, Simo-Serra and Ishikawa, SIGGRAPH 2017).

A strided encoder to a quarter of the size, four dilated convolutions, a decoder with transposed convolutions. Layers as
in the authors' paper and two public PyTorch versions of it (mmagic, GLCIC-PyTorch); see docs/explanation/baselines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from baselines.config import BaselineConfig
from baselines.layers import crop, normed
from baselines.network import COMMON, InpaintingNetwork

__all__ = ["GLCIC", "LIBRARIES", "SOURCES", "GLCICConfig"]

SOURCES = (*COMMON, "baselines.glcic")
LIBRARIES = ("torch",)

_MEAN = (0.485, 0.456, 0.406)


@dataclass(frozen=True)
class GLCICConfig(BaselineConfig):
    """Sizes of GLCIC.

    Attributes:
        base_channels: after the first convolution; 4 times as many in the middle.
        norm_last: batch normalisation behind ReLU instead of before it, as the weights of GLCIC-PyTorch need it.
    """

    base_channels: int = 64
    norm_last: bool = False

    @classmethod
    def small(cls) -> Self:
        """Half of the paper's width: 1.5 million parameters."""
        return cls(base_channels=32)


class GLCIC(InpaintingNetwork):
    """Completion network of GLCIC; sides become multiples of 4, at least 16.

    Args:
        config: sizes.

    Attributes:
        mean: colour that stands in the hole, [1, 3, 1, 1]; ImageNet's mean, replaced by that of published weights.
    """

    multiple = 4
    smallest = 16
    configuration = GLCICConfig
    mean: Tensor

    def __init__(self, config: GLCICConfig) -> None:
        super().__init__(config)
        width = config.base_channels
        plan = [  # kind, input and output channels, dilation
            ("first", 4, width, 1),
            ("half", width, 2 * width, 1),
            ("same", 2 * width, 2 * width, 1),
            ("half", 2 * width, 4 * width, 1),
            *[("same", 4 * width, 4 * width, dilation) for dilation in (1, 1, 2, 4, 8, 16, 1, 1)],
            ("double", 4 * width, 2 * width, 1),
            ("same", 2 * width, 2 * width, 1),
            ("double", 2 * width, width, 1),
            ("same", width, width // 2, 1),
        ]
        self.body = nn.Sequential(
            *(
                normed(_convolution(kind, before, after, dilation), after, nn.ReLU(), norm_last=config.norm_last)
                for kind, before, after, dilation in plan
            )
        )
        self.head = nn.Conv2d(width // 2, 3, kernel_size=3, padding=1)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        hidden, missing = self.prepare(image, hole)
        values = torch.cat([torch.where(missing, self.mean, hidden), missing.float()], dim=1)  # [N, 4, h, w]
        return crop(self.head(self.body(values)), image).float().sigmoid()


def _convolution(kind: str, before: int, after: int, dilation: int) -> nn.Module:
    if kind == "double":
        return nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)
    if kind == "first":
        return nn.Conv2d(before, after, kernel_size=5, padding=2)
    return nn.Conv2d(
        before, after, kernel_size=3, stride=2 if kind == "half" else 1, padding=dilation, dilation=dilation
    )
