"""Generators in a form that is fast on NVIDIA GPUs: the same products and sums, in fewer passes over memory.

Channels stay innermost. What stands between two convolutions (bias, ReLU, addition, reflection padding) is one kernel
of `spgnet.triton_kernels`. The 7x7 convolutions see few channels, which tensor cores are bad at: several neighbouring
columns are taken as channels, which is free in this memory order, under filters widened by zeros.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from itertools import pairwise, product
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.networks import Generator, Residual, padded_size

__all__ = ["NO_LIMITS", "RELU", "FusedGenerator", "group_columns", "phases_of", "prepare_for_gpu", "to_pixels", "to_planes"]

_MOST_OUTPUTS = 128
"""Outputs up to which a 7x7 convolution takes more columns as channels."""
NO_LIMITS = (float("-inf"), float("inf"))
RELU = (0.0, float("inf"))
_TENSOR_CORE_CHANNELS = 8
"""Channels are filled up to a multiple of this many, 16 bytes of bfloat16."""


def prepare_for_gpu(network: nn.Module) -> nn.Module:
    """The network itself, or a replacement of the same arguments and results that is faster on the network's GPU.

    Replaced is a `Generator` of the paper's layers whose normalisations are folded into its convolutions.
    """
    on_gpu = next(network.parameters()).device.type == "cuda" and importlib.util.find_spec("triton") is not None
    return FusedGenerator(network) if on_gpu and isinstance(network, Generator) and _is_plain(network) else network


class FusedGenerator(nn.Module):
    """A generator without normalisations, for inference in the dtype of its weights.

    Args:
        generator: its weights are shared but for those of the first and the last convolution.
    """

    any_dtype = True
    """Inputs are taken in any dtype and memory order, and cast in the first pass over them."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        stem, *self._downs = _convolutions(generator.down)
        self._blocks = [_convolutions(block.body) for block in cast("Iterable[Residual]", generator.middle)]
        *ups, head = _convolutions(generator.up)
        self.classes = stem.in_channels - 3 - generator.mask_channel
        self.register_buffer("colour_scale", stem.weight.new_full((3,), 2, dtype=torch.float32), persistent=False)
        self.register_buffer("colour_shift", stem.weight.new_full((3,), -1, dtype=torch.float32), persistent=False)
        self.stem = _Grouped(stem, _filled_up(stem.in_channels))
        self.head = _Grouped(head, head.in_channels)
        self.ups = nn.ModuleList(_UpConvolution(layer) for layer in ups)
        for layer in [*self._downs, *(layer for block in self._blocks for layer in block)]:
            layer.register_buffer("bias32", _bias(layer), persistent=False)

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Values of the last layer; see Generator."""
        return self._run(image, labels, hole, "logits")

    def probabilities(self, image: Tensor, labels: Tensor, hole: Tensor, temperature: float) -> Tensor:
        """See SPNet."""
        return self._run(image, labels, hole, "softmax", 1 / temperature)

    def picture(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """See SGNet."""
        return self._run(image, labels, hole, "sigmoid")

    @torch.no_grad()
    def _run(self, image: Tensor, labels: Tensor, hole: Tensor, head: str, scale: float = 1.0) -> Tensor:
        from spgnet.triton_kernels import assemble, finish, head_values

        values = assemble(
            image,
            labels,
            hole,
            scale=self.colour_scale,
            shift=self.colour_shift,
            hidden=-1.0,
            classes=self.classes,
            mask_channel=self.generator.mask_channel,
            channels=self.stem.channels,
            size=padded_size(image.shape[-2:], self.generator.smallest),
            margin=3,
            margin_right=self.stem.margin_right,
            dtype=self.stem.weight.dtype,
        )
        values = finish(self.stem(values), self.stem.bias, limits=RELU)
        margins = [block[0].dilation[0] for block in self._blocks] + [0]
        for layer in self._downs:
            margin = margins[0] if layer is self._downs[-1] else 0
            values = finish(_convolve(values, layer), layer.bias32, limits=RELU, margin=margin)
        for (first, second), (before, after) in zip(self._blocks, pairwise(margins), strict=True):
            inner = finish(_convolve(values, first), first.bias32, limits=RELU, margin=1)
            change = _convolve(inner, second)
            values = finish(change, second.bias32, residual=values, residual_margin=before, margin=after)
        for layer in self.ups:
            last = layer is self.ups[-1]
            margin, margin_right = (3, self.head.margin_right) if last else (0, 0)
            values = finish(layer(values), layer.bias, limits=RELU, margin=margin, margin_right=margin_right, phases=True)
        size = (image.shape[-2], image.shape[-1])
        return head_values(self.head.groups(values), self.head.bias, size, self.head.columns, head, scale)


class _Grouped(nn.Module):
    """A 7x7 convolution of stride 1 or 2 on values [N, H, W, C], several columns at a time and without its bias.

    Args:
        convolution: whose filters are taken over.
        channels: of the input, at least the convolution's; the rest are multiplied by 0.

    Attributes:
        margin_right: pixels of padding on the right, of which the convolution reads 3 and multiplies the rest by 0.
        columns: of the output that lie side by side in a pixel of `groups`.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, convolution: nn.Conv2d, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.stride = convolution.stride[0]
        self.group = _columns_a_group(convolution.out_channels, self.stride)
        self.columns = self.group // self.stride
        self.outputs = convolution.out_channels
        weight = group_columns(_with_channels(convolution.weight.detach(), channels), self.group, self.stride)
        self.margin_right = (weight.shape[-1] - 1) * self.group - 3
        more = _filled_up(len(weight)) - len(weight)
        weight = functional.pad(weight, (0, 0, 0, 0, 0, 0, 0, more))
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last), persistent=False)
        self.register_buffer("bias", _bias(convolution), persistent=False)

    def groups(self, values: Tensor) -> Tensor:
        """[N, H, W, C] to [N, rows, groups, at least columns * outputs]."""
        n, height, width, channels = values.shape
        grouped = values.view(n, height, width // self.group, self.group * channels)
        return to_pixels(functional.conv2d(to_planes(grouped), self.weight, stride=(self.stride, 1)))

    def forward(self, values: Tensor) -> Tensor:
        """[N, H, W, C] to [N, rows, columns, outputs]."""
        groups = self.groups(values)[..., : self.columns * self.outputs]
        n, rows, columns, _ = groups.shape
        return groups.reshape(n, rows, columns * self.columns, self.outputs)


class _UpConvolution(nn.Module):
    """An up-convolution as a convolution that makes four pixels of one, without its bias."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        weight = phases_of(layer.weight.detach()).contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", _bias(layer), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """[N, H, W, C] to [N, H + 1, W + 1, 4 * outputs], as `finish` takes phases."""
        result = functional.conv2d(to_planes(values), self.weight, padding=1)
        return to_pixels(result)


def to_pixels(planes: Tensor) -> Tensor:
    """[N, C, H, W] as dense [N, H, W, C], without a copy where channels are innermost in memory."""
    return planes.permute(0, 2, 3, 1).contiguous()


def to_planes(pixels: Tensor) -> Tensor:
    """[N, H, W, C] as [N, C, H, W], without a copy."""
    return pixels.permute(0, 3, 1, 2)


def group_columns(weight: Tensor, group: int, stride: int = 1) -> Tensor:
    """Filters that do to columns taken as channels, `group` at a time, what the given ones do to single columns.

    Args:
        weight: [O, C, h, w].
        group: columns a group, a multiple of the stride.
        stride: of the columns.

    Returns:
        [group / stride * O, group * C, h, k]: outputs of neighbouring columns are channels too. Among the products are
        as many with filter values 0 as k * group exceeds w.
    """
    outputs, channels, height, width = weight.shape
    columns = group // stride
    blocks = -(-((columns - 1) * stride + width) // group)
    wide = weight.new_zeros(columns, outputs, channels, height, blocks * group)
    for column in range(columns):
        wide[column, ..., column * stride : column * stride + width] = weight
    split = wide.view(columns * outputs, channels, height, blocks, group)
    return split.permute(0, 4, 1, 2, 3).reshape(columns * outputs, group * channels, height, blocks)


def phases_of(weight: Tensor) -> Tensor:
    """An up-convolution of kernel 3, stride 2, padding 1 and output padding 1 as a convolution of kernel 2, padding 1.

    An even row or column of the result is made of one of the input, an odd one of two.

    Args:
        weight: [C, O, 3, 3] of the up-convolution.

    Returns:
        [4 * O, C, 2, 2]: the four pixels that are made of a pixel and its right and lower neighbours, row by row.
        Seven of the 16 products a channel are with zeros.
    """
    channels, outputs = weight.shape[:2]
    phases = weight.new_zeros(2, 2, outputs, channels, 2, 2)
    taps = ((0, 0, 1), (1, 0, 2), (1, 1, 0))  # phase, offset of the input's row, row of the filter
    for (row, y, i), (column, x, j) in product(taps, taps):
        phases[row, column, :, :, y, x] = weight[:, :, i, j].T
    return phases.reshape(4 * outputs, channels, 2, 2)


def _convolve(values: Tensor, layer: nn.Conv2d) -> Tensor:
    """The layer without its bias, on values [N, H, W, C]."""
    padding = layer.padding if isinstance(layer.padding, tuple) else 0
    result = functional.conv2d(to_planes(values), layer.weight, None, layer.stride, padding, layer.dilation)
    return to_pixels(result)


def _columns_a_group(outputs: int, stride: int) -> int:
    return max((group for group in (2, 4, 8) if group // stride * outputs <= _MOST_OUTPUTS), default=2)


def _is_plain(generator: Generator) -> bool:
    """Whether the layers are those of `FusedGenerator`, in its order."""
    down = [nn.ReflectionPad2d, *[nn.Conv2d, nn.ReLU] * 4]
    up = [*[nn.ConvTranspose2d, nn.ReLU] * 4, nn.ReflectionPad2d, nn.Conv2d]
    body = [nn.ReflectionPad2d, nn.Conv2d, nn.ReLU, nn.ReflectionPad2d, nn.Conv2d]
    blocks = list(generator.middle)
    return (
        _types(generator.down) == down
        and _types(generator.up) == up
        and all(isinstance(block, Residual) and _types(block.body) == body for block in blocks)
        and all(
            before.out_channels == after.in_channels for before, after in pairwise(_convolutions(generator.up))
        )  # no further features join on the way up
    )


def _types(sequence: nn.Module) -> list[type[nn.Module]]:
    return [type(layer) for layer in sequence.children() if not isinstance(layer, nn.Identity)]


def _convolutions(sequence: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [layer for layer in sequence.children() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


def _bias(convolution: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    bias = convolution.bias
    return convolution.weight.new_zeros(convolution.out_channels) if bias is None else bias.detach().float()


def _with_channels(weight: Tensor, channels: int) -> Tensor:
    return functional.pad(weight, (0, 0, 0, 0, 0, channels - weight.shape[1]))


def _filled_up(channels: int) -> int:
    return -(-channels // _TENSOR_CORE_CHANNELS) * _TENSOR_CORE_CHANNELS
