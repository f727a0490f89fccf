"""DeepFill v2 (Yu et al., ICCV 2019): gated convolutions, coarse to fine, with contextual attention.

Layers as in the authors' code (JiahuiYu/generative_inpainting); departures are listed in docs/explanation/baselines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.attention import RATE, contextual_attention
from baselines.config import BaselineConfig
from baselines.layers import crop
from baselines.network import COMMON, InpaintingNetwork

__all__ = ["LIBRARIES", "SOURCES", "DeepFillV2", "DeepFillV2Config", "GatedConv2d"]

SOURCES = (*COMMON, "baselines.attention", "baselines.deepfill_v2")
LIBRARIES = ("torch",)

_GAIN = 2.3
"""Deviation of a gated layer's weights, times the root of the inputs of a filter: keeps the variance of ELU times
sigmoid near 1 through all layers."""


@dataclass(frozen=True)
class DeepFillV2Config(BaselineConfig):
    """Sizes of DeepFill v2.

    Attributes:
        base_channels: filters of the first layer; half of them are gates, and four times as many are in the middle.
    """

    base_channels: int = 48

    @classmethod
    def small(cls) -> Self:
        """Half of the paper's width: a million parameters."""
        return cls(base_channels=24)


class GatedConv2d(nn.Module):
    """One half of the filters, activated, times the sigmoid of the other half.

    Args:
        before: input channels.
        filters: of the convolution; half as many channels come out.
        kernel_size: odd.
        stride: with 2, one row and column of zeros are added at the bottom and the right, as TensorFlow's SAME does.
        dilation: of the kernel.
        relu: activation is ReLU instead of ELU.
    """

    def __init__(
        self, before: int, filters: int, kernel_size: int = 3, *, stride: int = 1, dilation: int = 1, relu: bool = False
    ) -> None:
        super().__init__()
        padding = 0 if stride > 1 else dilation * (kernel_size // 2)
        self.convolution = nn.Conv2d(before, filters, kernel_size, stride, padding, dilation)
        self.relu = relu
        nn.init.normal_(self.convolution.weight, 0, _GAIN * (before * kernel_size**2) ** -0.5)
        nn.init.zeros_(self.convolution.bias)  # type: ignore[arg-type]  # it was asked for

    def forward(self, values: Tensor) -> Tensor:
        """[N, before, H, W] to [N, filters / 2, H, W], or half that size."""
        if self.convolution.stride[0] > 1:
            values = functional.pad(values, (0, 1, 0, 1))
        output: Tensor = self.convolution(values)
        # Copied: on the CPU activations take five times as long over every second group of a channels-last tensor.
        features, gates = (half.clone() for half in output.chunk(2, dim=1))
        return (features.relu() if self.relu else functional.elu(features)) * gates.sigmoid()


class DeepFillV2(InpaintingNetwork):
    """Both stages of DeepFill v2; sides become multiples of 8, at least 32.

    Args:
        config: sizes.
    """

    multiple = 4 * RATE
    smallest = 32
    configuration = DeepFillV2Config

    def __init__(self, config: DeepFillV2Config) -> None:
        super().__init__(config)
        width = config.base_channels
        half, full = 2 * width, 4 * width  # filters at half and at a quarter of the size
        self.coarse = nn.Sequential(
            *_encoder(5, (width, half, half, full, full, full)),
            *_dilated(full),
            GatedConv2d(full // 2, full),
            GatedConv2d(full // 2, full),
            *_decoder(full // 2, width),
        )
        self.branch = nn.Sequential(*_encoder(3, (width, width, half, half, full, full)), *_dilated(full))
        matched = list(_encoder(3, (width, width, half, full, full, full)))
        matched[-1] = GatedConv2d(full // 2, full, relu=True)
        self.matched = nn.Sequential(*matched)
        self.attended = nn.Sequential(GatedConv2d(full // 2, full), GatedConv2d(full // 2, full))
        self.fine = nn.Sequential(GatedConv2d(full, full), GatedConv2d(full // 2, full), *_decoder(full // 2, width))
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        return self.both(image, hole)[1]

    def both(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """The coarse and the fine picture, each float32 [N, 3, H, W] in [0, 1]; arguments as in `forward`."""
        hidden, missing = self.prepare(image, hole)
        mask = missing.to(hidden.dtype)
        signed = (hidden * 2 - 1).masked_fill(missing, 0)
        coarse = self.coarse(torch.cat([signed, torch.ones_like(mask), mask], dim=1)).float().tanh()
        pasted = torch.where(missing, coarse, signed)
        matched = self.matched(pasted)  # [N, 2 * base_channels, h / 4, w / 4]
        attended = self.attended(contextual_attention(matched, missing[..., ::4, ::4]))
        fine = self.fine(torch.cat([self.branch(pasted), attended], dim=1)).float().tanh()
        return crop((coarse + 1) / 2, image), crop((fine + 1) / 2, image)


def _encoder(before: int, filters: tuple[int, ...]) -> list[nn.Module]:
    """Six layers; the second and the fourth halve the size."""
    layers: list[nn.Module] = []
    for index, count in enumerate(filters):
        layers.append(GatedConv2d(before, count, 3 if index else 5, stride=2 if index in (1, 3) else 1))
        before = count // 2
    return layers


def _dilated(filters: int) -> list[nn.Module]:
    return [GatedConv2d(filters // 2, filters, dilation=rate) for rate in (2, 4, 8, 16)]


def _decoder(before: int, width: int) -> list[nn.Module]:
    """Twice twice as large; the last layer has three filters and no gates."""
    last = nn.Conv2d(width // 4, 3, kernel_size=3, padding=1)
    nn.init.xavier_uniform_(last.weight)
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]  # it was asked for
    return [
        nn.Upsample(scale_factor=2),
        GatedConv2d(before, 2 * width),
        GatedConv2d(width, 2 * width),
        nn.Upsample(scale_factor=2),
        GatedConv2d(width, width),
        GatedConv2d(width // 2, width // 2),
        last,
    ]
