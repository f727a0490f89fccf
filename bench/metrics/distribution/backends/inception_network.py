"""The Inception network of FID: TensorFlow's graph of 2015-12-05, under the names of its converted weights.

It is Inception v3 (Szegedy et al., 2016) but for its poolings: averages leave padding out, and the last block pools by
the maximum. Heusel et al. (2017) took that graph for FID, so that is what FID means. Reference: torch-fidelity's
`FeatureExtractorInceptionV3`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, cast

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["InceptionNetwork"]

Step: TypeAlias = tuple[str, int, tuple[int, int]]
"""Name, channels, kernel of a convolution."""
Chain: TypeAlias = tuple[Step | tuple[Step, ...], ...]
"""Convolutions one after the other; at its end there may be several side by side."""
Pooling: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

_AVERAGE: Pooling = partial(functional.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
_MAXIMUM: Pooling = partial(functional.max_pool2d, kernel_size=3, stride=1, padding=1)
_HALVE: Pooling = partial(functional.max_pool2d, kernel_size=3, stride=2)


class _Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU; the picture keeps its size where the stride is 1 and `keep`."""

    def __init__(self, inputs: int, channels: int, kernel: tuple[int, int], stride: int = 1, *, keep: bool) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if keep else (0, 0)
        self.conv = nn.Conv2d(inputs, channels, kernel, stride, padding, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(channels, eps=0.001)

    def fold(self) -> None:
        """Let the convolution do what the batch normalisation does, for good."""
        if isinstance(self.bn, nn.BatchNorm2d):
            self.conv, self.bn = fuse_conv_bn_eval(self.conv, self.bn), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.bn(self._convolve(x)), inplace=True)

    def _convolve(self, x: torch.Tensor) -> torch.Tensor:
        """On a CPU a 1x1 convolution is a product of matrices, which torch does faster as such."""
        if self.conv.kernel_size != (1, 1) or x.device.type != "cpu":
            return cast("torch.Tensor", self.conv(x))
        by_pixel = functional.linear(x.permute(0, 2, 3, 1), self.conv.weight.flatten(1), self.conv.bias)
        return by_pixel.permute(0, 3, 1, 2)


class _Mixed(nn.Module):
    """Chains of convolutions side by side, their maps stacked.

    Args:
        inputs: channels that come in.
        chains: of convolutions.
        pooling: of the last branch.
        pooled: channels of the convolution after the pooling, or 0 for none.
        halve: whether the last convolution of each chain has stride 2.
    """

    def __init__(
        self, inputs: int, chains: tuple[Chain, ...], pooling: Pooling, pooled: int = 0, *, halve: bool = False
    ):
        super().__init__()
        self._chains, self._pooling, self._pooled = chains, pooling, pooled
        for chain in chains:
            channels = inputs
            for number, step in enumerate(chain, 1):
                last = halve and number == len(chain)
                for name, size, kernel in _side_by_side(step):
                    self.add_module(name, _Convolution(channels, size, kernel, 2 if last else 1, keep=not last))
                channels = sum(size for _, size, _ in _side_by_side(step))
        if pooled:
            self.branch_pool = _Convolution(inputs, pooled, (1, 1), keep=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = [self._run(chain, x) for chain in self._chains]
        pooled = self._pooling(x)
        return torch.cat([*maps, self.branch_pool(pooled) if self._pooled else pooled], dim=1)

    def _run(self, chain: Chain, x: torch.Tensor) -> torch.Tensor:
        for step in chain:
            maps = [self.get_submodule(name)(x) for name, _, _ in _side_by_side(step)]
            x = maps[0] if len(maps) == 1 else torch.cat(maps, dim=1)
        return x


def _side_by_side(step: Step | tuple[Step, ...]) -> tuple[Step, ...]:
    return (step,) if isinstance(step[0], str) else step


def _block_a(inputs: int, pooled: int) -> _Mixed:
    chains: tuple[Chain, ...] = (
        (("branch1x1", 64, (1, 1)),),
        (("branch5x5_1", 48, (1, 1)), ("branch5x5_2", 64, (5, 5))),
        (("branch3x3dbl_1", 64, (1, 1)), ("branch3x3dbl_2", 96, (3, 3)), ("branch3x3dbl_3", 96, (3, 3))),
    )
    return _Mixed(inputs, chains, _AVERAGE, pooled)


def _block_b(inputs: int) -> _Mixed:
    chains: tuple[Chain, ...] = (
        (("branch3x3", 384, (3, 3)),),
        (("branch3x3dbl_1", 64, (1, 1)), ("branch3x3dbl_2", 96, (3, 3)), ("branch3x3dbl_3", 96, (3, 3))),
    )
    return _Mixed(inputs, chains, _HALVE, halve=True)


def _block_c(inputs: int, narrow: int) -> _Mixed:
    chains: tuple[Chain, ...] = (
        (("branch1x1", 192, (1, 1)),),
        (("branch7x7_1", narrow, (1, 1)), ("branch7x7_2", narrow, (1, 7)), ("branch7x7_3", 192, (7, 1))),
        (
            ("branch7x7dbl_1", narrow, (1, 1)),
            ("branch7x7dbl_2", narrow, (7, 1)),
            ("branch7x7dbl_3", narrow, (1, 7)),
            ("branch7x7dbl_4", narrow, (7, 1)),
            ("branch7x7dbl_5", 192, (1, 7)),
        ),
    )
    return _Mixed(inputs, chains, _AVERAGE, 192)


def _block_d(inputs: int) -> _Mixed:
    chains: tuple[Chain, ...] = (
        (("branch3x3_1", 192, (1, 1)), ("branch3x3_2", 320, (3, 3))),
        (
            ("branch7x7x3_1", 192, (1, 1)),
            ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)),
            ("branch7x7x3_4", 192, (3, 3)),
        ),
    )
    return _Mixed(inputs, chains, _HALVE, halve=True)


def _block_e(inputs: int, pooling: Pooling) -> _Mixed:
    chains: tuple[Chain, ...] = (
        (("branch1x1", 320, (1, 1)),),
        (("branch3x3_1", 384, (1, 1)), (("branch3x3_2a", 384, (1, 3)), ("branch3x3_2b", 384, (3, 1)))),
        (
            ("branch3x3dbl_1", 448, (1, 1)),
            ("branch3x3dbl_2", 384, (3, 3)),
            (("branch3x3dbl_3a", 384, (1, 3)), ("branch3x3dbl_3b", 384, (3, 1))),
        ),
    )
    return _Mixed(inputs, chains, pooling, 192)


class InceptionNetwork(nn.Module):
    """Features float [N, 2048] and logits float [N, 1008] of pictures float [N, 3, 299, 299], (values - 128) / 128."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, (3, 3), 2, keep=False)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, (3, 3), keep=False)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, (3, 3), keep=True)
        self.Conv2d_3b_1x1 = _Convolution(64, 80, (1, 1), keep=False)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, (3, 3), keep=False)
        self.Mixed_5b = _block_a(192, 32)
        self.Mixed_5c = _block_a(256, 64)
        self.Mixed_5d = _block_a(288, 64)
        self.Mixed_6a = _block_b(288)
        self.Mixed_6b = _block_c(768, 128)
        self.Mixed_6c = _block_c(768, 160)
        self.Mixed_6d = _block_c(768, 160)
        self.Mixed_6e = _block_c(768, 192)
        self.Mixed_7a = _block_d(768)
        self.Mixed_7b = _block_e(1280, _AVERAGE)
        self.Mixed_7c = _block_e(2048, _MAXIMUM)
        self.fc = nn.Linear(2048, 1008)

    def fold(self) -> None:
        """Let the convolutions do what batch normalisations do, once the weights are there: a pass less a map."""
        for module in self.modules():
            if isinstance(module, _Convolution):
                module.fold()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the last pooling, and logits without their bias, as Inception score takes them."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_HALVE(x)))
        x = _HALVE(x)
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                x = block(x)
        features = functional.adaptive_avg_pool2d(x, 1).flatten(1)
        return features, features @ self.fc.weight.T
