"""The partial-convolution U-Net (Liu et al., ECCV 2018).

A partial convolution sees known pixels only, is scaled up by the share of them under its window, and tells the next
layer where it has seen any. Layers as in two public PyTorch versions (mmagic, naoto0804); see
docs/explanation/baselines.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.config import BaselineConfig
from baselines.network import COMMON, InpaintingNetwork

__all__ = ["LIBRARIES", "SOURCES", "PartialConv2d", "PartialConvConfig", "PartialConvUNet"]

SOURCES = (*COMMON, "baselines.partial_conv")
LIBRARIES = ("torch",)

Known: TypeAlias = tuple[Tensor, Tensor]
"""Features [N, C, H, W], and float [N, 1, H, W] that is 1 where they are known."""

_WIDEST = 8  # times the base channels


@dataclass(frozen=True)
class PartialConvConfig(BaselineConfig):
    """Sizes of the U-Net.

    Attributes:
        base_channels: after the first convolution, doubled by each layer up to 8 times as many.
        layers: of the encoder, each halving the size.
    """

    base_channels: int = 64
    layers: int = 7

    @classmethod
    def small(cls) -> Self:
        """A third of the paper's width, six layers: 1.8 million parameters."""
        return cls(base_channels=20, layers=6)


class PartialConv2d(nn.Module):
    """A convolution of several inputs side by side, each with its own map of known pixels.

    With X the inputs, M their maps (repeated for every channel) and `b` the bias, a window that holds a known value
    gives `W * (X M) sum(1) / sum(M) + b`, and any other gives 0. The two sums run over window and channels, padding
    counts as unknown.

    Args:
        before, after: channels, over all inputs, and of the output.
        kernel_size, stride: of the convolution; half of the kernel is padded with zeros.
        bias: whether there is a `b`.
    """

    def __init__(self, before: int, after: int, kernel_size: int, stride: int = 1, *, bias: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, kernel_size, stride, kernel_size // 2, bias=bias)

    def forward(self, inputs: Sequence[Known]) -> Known:
        """Features [N, after, h, w] and the map of where they are known, float [N, 1, h, w]."""
        layer, side = self.convolution, self.convolution.kernel_size[0]
        masked = torch.cat([values * known for values, known in inputs], dim=1)
        raw = functional.conv2d(masked, layer.weight, stride=layer.stride, padding=layer.padding)
        channels = torch.stack([values.shape[1] * known for values, known in inputs]).sum(dim=0)
        count = functional.avg_pool2d(channels, side, layer.stride, side // 2, divisor_override=1)  # known values
        known = (count > 0).to(count.dtype)
        values = raw * (known * layer.in_channels * side**2 / (count + 1e-8))
        return (values if layer.bias is None else (values + layer.bias.view(1, -1, 1, 1)) * known), known


class PartialConvUNet(InpaintingNetwork):
    """U-Net of partial convolutions; any size as it is.

    In training mode the picture may leave [0, 1] a little, so that gradients flow; in evaluation mode it is clipped.

    Args:
        config: sizes.
    """

    configuration = PartialConvConfig

    def __init__(self, config: PartialConvConfig) -> None:
        super().__init__(config)
        base = config.base_channels
        widths = [3, *(base * min(2**index, _WIDEST) for index in range(config.layers))]
        kernels = [7, 5, 5, *[3] * config.layers]
        self.encoder = nn.ModuleList(
            PartialConv2d(before, after, kernel, stride=2)
            for (before, after), kernel in zip(pairwise(widths), kernels, strict=False)
        )
        self.encoder_norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[2:])
        outwards = [widths[-1], *reversed(widths[1:-1])]  # channels that come from below, one a decoder layer
        skips = list(reversed(widths[:-1]))
        self.decoder = nn.ModuleList(
            PartialConv2d(below + skip, 3 if last else skip, 3, bias=last)
            for below, skip, last in zip(outwards, skips, [*[False] * (config.layers - 1), True], strict=True)
        )
        self.decoder_norms = nn.ModuleList(nn.BatchNorm2d(width) for width in skips[:-1])
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        hidden, missing = self.prepare(image, hole)
        levels: list[Known] = [(hidden * 2 - 1, (~missing).float())]
        levels.extend(self._encode(levels[0]))
        values, known = levels.pop()
        for index, layer in enumerate(self.decoder):
            skip = levels.pop()
            size = (skip[0].shape[2], skip[0].shape[3])
            below = functional.interpolate(values, size=size), functional.interpolate(known, size=size)
            values, known = layer([below, skip])
            if index < len(self.decoder_norms):
                values = functional.leaky_relu(self.decoder_norms[index](values), 0.2)
        picture = (values.float() + 1) / 2
        return picture if self.training else picture.clamp(0, 1)

    def _encode(self, level: Known) -> Iterator[Known]:
        for index, layer in enumerate(self.encoder):
            values, known = layer([level])
            level = functional.relu(self.encoder_norms[index - 1](values) if index else values), known
            yield level
