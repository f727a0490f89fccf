"""Generators in a form that is fast on NVIDIA GPUs: the same products and sums, in fewer passes over memory.

Channels stay innermost. What stands between two convolutions (bias, ReLU, addition, reflection padding) is one kernel
of `spgnet.gpu.triton_layers`. The 7x7 convolutions see few channels, which tensor cores are bad at: several
neighbouring columns are taken as channels, which is free in this memory order, under filters widened by zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.networks import Generator, Residual, padded_size

__all__ = [
    "NO_LIMITS",
    "RELU",
    "FusedGenerator",
    "group_columns",
    "is_plain",
    "phases_of",
    "to_pixels",
    "to_planes",
]

_Convolution: TypeAlias = nn.Conv2d | nn.ConvTranspose2d

_MOST_OUTPUTS = 128
"""Outputs up to which a 7x7 convolution takes more columns as channels."""
NO_LIMITS = (float("-inf"), float("inf"))
RELU = (0.0, float("inf"))
_TENSOR_CORE_CHANNELS = 8
"""Channels are filled up to a multiple of this many, 16 bytes of bfloat16."""


class FusedGenerator(nn.Module):
    """A generator without normalisations, for inference. Inputs are taken in any dtype and memory order.

    Args:
        generator: whose weights are copied.
        dtype: of weights and values; biases are float32.
    """

    def __init__(self, generator: Generator, dtype: torch.dtype) -> None:
        super().__init__()
        stem, *downs = _convolutions(generator.down)
        *ups, head = _convolutions(generator.up)
        self.classes = stem.in_channels - 3 - generator.mask_channel
        self.mask_channel, self.smallest, self.dtype = generator.mask_channel, generator.smallest, dtype
        self.register_buffer("scale", torch.full((3,), 2.0, device=stem.weight.device), persistent=False)
        self.register_buffer("shift", torch.full((3,), -1.0, device=stem.weight.device), persistent=False)
        self.stem = _Grouped(stem, _filled_up(stem.in_channels), dtype)
        self.downs = nn.ModuleList(_Bare(layer, dtype) for layer in downs)
        blocks = [_convolutions(block.body) for block in cast("Iterable[Residual]", generator.middle)]
        self.blocks = nn.ModuleList(nn.ModuleList(_Bare(layer, dtype) for layer in block) for block in blocks)
        self.margins = [block[0].dilation[0] for block in blocks] + [0]
        self.ups = nn.ModuleList(_Bare(layer, dtype) for layer in ups)
        self.head = _Grouped(head, head.in_channels, dtype)

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Values of the last layer, as Generator's."""
        return self._run(image, labels, hole, head="logits")

    def probabilities(self, image: Tensor, labels: Tensor, hole: Tensor, temperature: float) -> Tensor:
        """As SPNet's; labels may also be a label map, integer [N, H, W]."""
        return self._run(image, labels, hole, hide_labels=True, head="softmax", scale=1 / temperature)

    def picture(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """As SGNet's; labels may also be a label map, integer [N, H, W]."""
        return self._run(image, labels, hole, head="sigmoid")

    @torch.no_grad()
    def _run(
        self, image: Tensor, labels: Tensor, hole: Tensor, *, hide_labels: bool = False, head: str, scale: float = 1.0
    ) -> Tensor:
        from spgnet.gpu.triton_pictures import assemble, head_values

        values = assemble(
            image,
            labels,
            hole,
            scale=cast("Tensor", self.scale),
            shift=cast("Tensor", self.shift),
            hidden=-1.0,
            classes=self.classes,
            hide_labels=hide_labels,
            mask_channel=self.mask_channel,
            channels=self.stem.channels,
            size=padded_size(image.shape[-2:], self.smallest),
            dtype=self.dtype,
            margin=3,
            margin_right=self.stem.margin_right,
        )
        groups = self.head.groups(self._body(values))
        size = (image.shape[-2], image.shape[-1])
        return head_values(groups, self.head.bias, size, self.head.columns, head, scale)

    def _body(self, values: Tensor) -> Tensor:
        """From the first convolution to the padding before the last."""
        from spgnet.gpu.triton_layers import finish

        values = finish(self.stem(values), self.stem.bias, limits=RELU)
        for layer in self.downs:
            margin = self.margins[0] if layer is self.downs[-1] else 0
            values = finish(layer(values), layer.bias, limits=RELU, margin=margin)
        for block, (before, after) in zip(self.blocks, pairwise(self.margins), strict=True):
            first, second = cast("nn.ModuleList", block)
            change = second(finish(first(values), first.bias, limits=RELU, margin=1))
            values = finish(change, second.bias, residual=values, residual_margin=before, margin=after)
        for layer in self.ups:
            margin, right = (3, self.head.margin_right) if layer is self.ups[-1] else (0, 0)
            values = finish(layer(values), layer.bias, limits=RELU, margin=margin, margin_right=right, phases=True)
        return values


class _Bare(nn.Module):
    """A convolution without its bias, on values [N, H, W, C]; an up-convolution makes four pixels of one.

    The result is dense [N, rows, columns, outputs]; that of an up-convolution [N, H + 1, W + 1, 4 * outputs], as
    `finish` takes phases.
    """

    def __init__(self, layer: _Convolution, dtype: torch.dtype) -> None:
        super().__init__()
        transposed = isinstance(layer, nn.ConvTranspose2d)
        weight = phases_of(layer.weight.detach()) if transposed else layer.weight.detach()
        self.weight, self.bias = _frozen(weight, dtype), _bias(layer)
        self.geometry = (1, 1, 1) if transposed else (layer.stride, layer.padding, layer.dilation)

    def forward(self, values: Tensor) -> Tensor:
        """See the class."""
        return to_pixels(functional.conv2d(to_planes(values), self.weight, None, *self.geometry))


class _Grouped(nn.Module):
    """A 7x7 convolution of stride 1 or 2 on values [N, H, W, C], several columns at a time and without its bias.

    Args:
        convolution: whose filters are taken over.
        channels: of the input, at least the convolution's; the rest are multiplied by 0.
        dtype: of the weights.

    Attributes:
        margin_right: pixels of padding on the right, of which the convolution reads 3 and multiplies the rest by 0.
        columns: of the output that lie side by side in a pixel of `groups`.
    """

    def __init__(self, convolution: _Convolution, channels: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.channels, self.outputs, self.stride = channels, convolution.out_channels, convolution.stride[0]
        self.group = _columns_a_group(self.outputs, self.stride)
        self.columns = self.group // self.stride
        more = channels - convolution.in_channels
        weight = functional.pad(convolution.weight.detach(), (0, 0, 0, 0, 0, more))
        weight = group_columns(weight, self.group, self.stride)
        self.margin_right = (weight.shape[-1] - 1) * self.group - 3
        weight = functional.pad(weight, (0, 0, 0, 0, 0, 0, 0, _filled_up(len(weight)) - len(weight)))
        self.weight, self.bias = _frozen(weight, dtype), _bias(convolution)

    def groups(self, values: Tensor) -> Tensor:
        """[N, H, W, C] to [N, rows, groups, at least columns * outputs]."""
        n, height, width, channels = values.shape
        grouped = values.view(n, height, width // self.group, self.group * channels)
        return to_pixels(functional.conv2d(to_planes(grouped), self.weight, stride=(self.stride, 1)))

    def forward(self, values: Tensor) -> Tensor:
        """[N, H, W, C] to dense [N, rows, columns, outputs]."""
        groups = self.groups(values)[..., : self.columns * self.outputs]
        n, rows, columns, _ = groups.shape
        return groups.reshape(n, rows, columns * self.columns, self.outputs)


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


def _columns_a_group(outputs: int, stride: int) -> int:
    return max((group for group in (2, 4, 8) if group // stride * outputs <= _MOST_OUTPUTS), default=2)


def is_plain(generator: Generator) -> bool:
    """Whether the layers are those of `FusedGenerator`, in its order."""
    down = [nn.ReflectionPad2d, *[nn.Conv2d, nn.ReLU] * 4]
    up = [*[nn.ConvTranspose2d, nn.ReLU] * 4, nn.ReflectionPad2d, nn.Conv2d]
    body = [nn.ReflectionPad2d, nn.Conv2d, nn.ReLU, nn.ReflectionPad2d, nn.Conv2d]
    blocks = [cast("nn.Module", block.body) if isinstance(block, Residual) else block for block in generator.middle]
    return (
        not generator.skips
        and _types(generator.down) == down
        and _types(generator.up) == up
        and all(_types(block) == body for block in blocks)
    )


def _types(sequence: nn.Module) -> list[type[nn.Module]]:
    """Of the layers that do something at inference."""
    return [type(layer) for layer in sequence.children() if not isinstance(layer, nn.Identity | nn.Dropout2d)]


def _convolutions(sequence: nn.Module) -> list[_Convolution]:
    return [layer for layer in sequence.children() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


def _bias(layer: _Convolution) -> nn.Parameter:
    bias = layer.weight.new_zeros(layer.out_channels) if layer.bias is None else layer.bias.detach()
    return nn.Parameter(bias.float(), requires_grad=False)


def _frozen(weight: Tensor, dtype: torch.dtype) -> nn.Parameter:
    return nn.Parameter(weight.to(dtype).contiguous(memory_format=torch.channels_last), requires_grad=False)


def _filled_up(channels: int) -> int:
    return -(-channels // _TENSOR_CORE_CHANNELS) * _TENSOR_CORE_CHANNELS
