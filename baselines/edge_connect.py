"""EdgeConnect (Nazeri et al., ICCV workshops 2019): first the edges of the hole, then its colours.

Layers as in the authors' code (knazeri/edge-connect); see docs/explanation/baselines.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from skimage.feature import canny
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from baselines.config import BaselineConfig
from baselines.layers import crop, initialise, pad_mirrored
from baselines.network import COMMON, InpaintingNetwork
from spgnet.arguments import hide

__all__ = ["LIBRARIES", "SOURCES", "EdgeConnect", "EdgeConnectConfig", "edges_of", "grey"]

SOURCES = (*COMMON, "baselines.edge_connect")
LIBRARIES = ("numpy", "scikit-image", "torch")

_SIGMA = 2.0
_LUMINANCE = (0.2125, 0.7154, 0.0721)


@dataclass(frozen=True)
class EdgeConnectConfig(BaselineConfig):
    """Sizes of both generators.

    Attributes:
        base_channels: after the first convolution; 4 times as many in the middle.
        blocks: residual blocks in the middle, dilated by 2.
    """

    base_channels: int = 64
    blocks: int = 8

    @classmethod
    def small(cls) -> Self:
        """A quarter of the paper's width: 1.3 million parameters in both generators."""
        return cls(base_channels=16)


class EdgeConnect(InpaintingNetwork):
    """Both generators, the second one guided by the first; sides become multiples of 4, at least 16.

    Args:
        config: sizes.

    Attributes:
        edge_generator: grey picture, edges and hole to edges.
        fill_generator: picture and edges to a picture.
    """

    multiple = 4
    smallest = 16
    configuration = EdgeConnectConfig

    def __init__(self, config: EdgeConnectConfig) -> None:
        super().__init__(config)
        self.edge_generator = _generator(config, 3, 1, spectral=True)
        self.fill_generator = _generator(config, 4, 3, spectral=False)
        self.eval()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """See `InpaintingNetwork`."""
        known = edges_of(image, hole)
        return self.paint(image, hole, torch.where(hole, self.draw(image, hole, known), known))

    def draw(self, image: Tensor, hole: Tensor, edges: Tensor) -> Tensor:
        """Probabilities of edges.

        Args:
            image: as in `forward`.
            hole: as in `forward`.
            edges: float [N, 1, H, W], 1 on an edge; those in the hole are not read.

        Returns:
            float32 [N, 1, H, W] in [0, 1], outside the hole too.
        """
        hidden, missing = self.prepare(image, hole)
        lines = self._padded(edges.masked_fill(hole, 0))
        values = [grey(hidden).masked_fill(missing, 1), lines, missing.to(hidden.dtype)]
        output: Tensor = self.edge_generator(torch.cat(values, dim=1))
        return crop(output, image).float().sigmoid()

    def paint(self, image: Tensor, hole: Tensor, edges: Tensor) -> Tensor:
        """The picture under given edges.

        Args:
            image: as in `forward`.
            hole: as in `forward`.
            edges: float [N, 1, H, W] in [0, 1], in the hole too.

        Returns:
            float32 [N, 3, H, W] in [0, 1].
        """
        hidden, missing = self.prepare(image, hole)
        output: Tensor = self.fill_generator(torch.cat([hidden.masked_fill(missing, 1), self._padded(edges)], dim=1))
        return (crop(output, image).float().tanh() + 1) / 2

    def _padded(self, edges: Tensor) -> Tensor:
        return pad_mirrored(edges.float(), self.multiple, self.smallest)


def grey(image: Tensor) -> Tensor:
    """Luminance: float [N, 3, H, W] to [N, 1, H, W]."""
    return (image * image.new_tensor(_LUMINANCE).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


@torch.no_grad()
def edges_of(image: Tensor, hole: Tensor) -> Tensor:
    """Edges of the known part of pictures: Canny, sigma 2, as scikit-image finds them, on the CPU.

    Args:
        image: float [N, 3, H, W] in [0, 1]; hole pixels are not read.
        hole: bool [N, 1, H, W].

    Returns:
        float32 [N, 1, H, W], 1 on an edge, 0 elsewhere and in the hole.

    Raises:
        TypeError, ValueError: for another dtype or shape.
    """
    pictures, known = grey(hide(image, hole))[:, 0].cpu().numpy(), ~hole[:, 0].cpu().numpy()
    pairs = zip(pictures, known, strict=True)
    found = [canny(picture, _SIGMA, mask=mask) for picture, mask in pairs]  # type: ignore[no-untyped-call]  # scikit-image has no types
    return torch.from_numpy(np.stack(found)).to(image.device, torch.float32)[:, None]


class _Residual(nn.Module):
    def __init__(self, width: int, *, bias: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(2),
            nn.Conv2d(width, width, kernel_size=3, dilation=2, bias=bias),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, kernel_size=3, bias=bias),
            nn.InstanceNorm2d(width),
        )

    def forward(self, values: Tensor) -> Tensor:
        change: Tensor = self.body(values)
        return values + change


def _generator(config: EdgeConnectConfig, before: int, after: int, *, spectral: bool) -> nn.Sequential:
    """Without its last activation; with `spectral` every convolution but the last is divided by its spectral norm."""
    width = config.base_channels
    network = nn.Sequential(
        nn.ReflectionPad2d(3),
        *_normed(nn.Conv2d(before, width, kernel_size=7)),
        *_normed(nn.Conv2d(width, 2 * width, kernel_size=4, stride=2, padding=1)),
        *_normed(nn.Conv2d(2 * width, 4 * width, kernel_size=4, stride=2, padding=1)),
        *(_Residual(4 * width, bias=not spectral) for _ in range(config.blocks)),
        *_normed(nn.ConvTranspose2d(4 * width, 2 * width, kernel_size=4, stride=2, padding=1)),
        *_normed(nn.ConvTranspose2d(2 * width, width, kernel_size=4, stride=2, padding=1)),
        nn.ReflectionPad2d(3),
        nn.Conv2d(width, after, kernel_size=7),
    )
    initialise(network)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    for convolution in convolutions[:-1] if spectral else ():
        spectral_norm(convolution)
    return network


def _normed(convolution: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(convolution.out_channels), nn.ReLU(inplace=True)]
