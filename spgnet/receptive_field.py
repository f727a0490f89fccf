"""A part of what convolutions compute: a window of their output, from the window of the input that it depends on.

Backwards, every layer says what of its input a span of its output depends on; forwards, every layer gets just that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.networks import Residual
from spgnet.upsampling import ResizeConvolution

__all__ = ["Chain", "Join", "Span", "Window"]

Span: TypeAlias = tuple[int, int]
"""Rows or columns, from the first to the one after the last."""

Window: TypeAlias = tuple[Span, Span]
"""Rows and columns."""


class Join(nn.Module):
    """Joins more channels to its input.

    Args:
        more: [N, c, H, W], as large as what they are joined to.
    """

    def __init__(self, more: Tensor) -> None:
        super().__init__()
        self.more = more

    def forward(self, values: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C + c, H, W]."""
        return torch.cat([values, self.more], dim=1)


class _Layer(ABC):
    """A step of a network along one side of the picture, and its work on a window."""

    def side(self, side: int) -> int:
        """Pixels along a side of the output for so many of the input."""
        return side

    @abstractmethod
    def needs(self, span: Span, side: int) -> Span:
        """What of the input, `side` pixels long, a span of the output depends on."""

    @abstractmethod
    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        """A window of the output.

        Args:
            values: [N, C, h, w], the part of the input that the window needs.
            window: of the output.
            size: height and width of the whole input.
        """


class Chain(_Layer):
    """Layers one after the other.

    Args:
        layers: reflection padding, convolutions, up-convolutions of kernel 3 and stride 2, resize-convolutions,
            residual blocks, joints of skip connections, normalisations in eval mode, and ReLU.

    Raises:
        TypeError: for another layer.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        self._layers = [_layer(module) for module in layers]

    def window(self, values: Tensor, window: Window) -> Tensor:
        """The window of what the layers make of all of [N, C, H, W]."""
        size = (values.shape[2], values.shape[3])
        needed = [self.needs(span, side) for span, side in zip(window, size, strict=True)]
        return self.run(_cut(values, needed), window, size)

    def side(self, side: int) -> int:
        """After the last layer."""
        return self._sides(side)[-1]

    def needs(self, span: Span, side: int) -> Span:
        """Of the first layer's input."""
        return self._spans(span, side)[0]

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        """Of the last layer's output."""
        spans = [self._spans(span, side)[1:] for span, side in zip(window, size, strict=True)]
        sizes = [self._sides(side)[:-1] for side in size]
        for layer, part, whole in zip(self._layers, zip(*spans, strict=True), zip(*sizes, strict=True), strict=True):
            values = layer.run(values, part, whole)
        return values

    def _sides(self, side: int) -> list[int]:
        """Of the first layer's input and every layer's output."""
        return list(accumulate(self._layers, lambda before, layer: layer.side(before), initial=side))

    def _spans(self, span: Span, side: int) -> list[Span]:
        """Of the first layer's input and every layer's output, so that the last is `span`."""
        backwards = zip(reversed(self._layers), reversed(self._sides(side)[:-1]), strict=True)
        return list(accumulate(backwards, lambda after, step: step[0].needs(after, step[1]), initial=span))[::-1]


class _Pointwise(_Layer):
    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def needs(self, span: Span, side: int) -> Span:  # noqa: ARG002  # a neighbour's pixels change nothing
        return span

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:  # noqa: ARG002  # as above
        result: Tensor = self.module(values)
        return result


class _Statistics(_Pointwise):
    """A normalisation by the statistics of the whole picture."""

    def needs(self, span: Span, side: int) -> Span:  # noqa: ARG002  # every pixel is needed for any
        return (0, side)

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        return _cut(super().run(values, window, size), window)


class _Reflection(_Layer):
    def __init__(self, module: nn.ReflectionPad2d) -> None:
        self.padding = module.padding[0]

    def side(self, side: int) -> int:
        return side + 2 * self.padding

    def needs(self, span: Span, side: int) -> Span:
        before, after = self._beyond(span, side)
        first, last = span[0] - self.padding + before, span[1] - self.padding - after
        return min(first, side - 1 - after), max(last, before + 1)  # a pixel beyond the border is one as far inside

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        (top, bottom), (left, right) = (self._beyond(span, side) for span, side in zip(window, size, strict=True))
        padded = functional.pad(values, (left, right, top, bottom), mode="reflect")
        needed = (self.needs(span, side)[0] for span, side in zip(window, size, strict=True))
        rows, columns = (first + self.padding for first in needed)
        return _cut(padded, window, (rows - top, columns - left))

    def _beyond(self, span: Span, side: int) -> tuple[int, int]:
        """Pixels of the span before and after the unpadded side."""
        return max(self.padding - span[0], 0), max(span[1] - self.padding - side, 0)


class _Convolution(_Layer):
    """Of stride 1 and without padding of its own."""

    def __init__(self, module: nn.Conv2d, convolve: Callable[[Tensor], Tensor] | None = None) -> None:
        self.convolve = convolve or module
        self.reach = module.dilation[0] * (module.kernel_size[0] - 1)

    def side(self, side: int) -> int:
        return side - self.reach

    def needs(self, span: Span, side: int) -> Span:  # noqa: ARG002  # there is no border to mind
        return span[0], span[1] + self.reach

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:  # noqa: ARG002  # as above
        return self.convolve(values)


class _UpConvolution(_Layer):
    """Of kernel 3, stride 2, padding 1 and output padding 1: an odd pixel is made of two, an even one of one."""

    def __init__(self, module: nn.ConvTranspose2d) -> None:
        self.module = module

    def side(self, side: int) -> int:
        return 2 * side

    def needs(self, span: Span, side: int) -> Span:
        return span[0] // 2, min(span[1] // 2 + 1, side)

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:  # noqa: ARG002  # `needs` minds it
        (top, _), (left, _) = window
        return _cut(self.module(values), window, (top // 2 * 2, left // 2 * 2))


class _Resize(Chain):
    """Upsampling, reflection padding and a convolution."""

    def __init__(self, module: ResizeConvolution) -> None:
        self._layers = [_Enlarged(module), _Reflection(nn.ReflectionPad2d(1)), _Convolution(module, module.convolved)]


class _Enlarged(_Layer):
    """Upsampling to twice the size; a bilinear pixel is made of two, an even one of that before its own."""

    def __init__(self, module: ResizeConvolution) -> None:
        self.module = module

    def side(self, side: int) -> int:
        return 2 * side

    def needs(self, span: Span, side: int) -> Span:
        if self.module.bilinear:
            return max((span[0] - 1) // 2, 0), min(span[1] // 2 + 1, side)
        return span[0] // 2, (span[1] + 1) // 2

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        top, left = (2 * self.needs(span, side)[0] for span, side in zip(window, size, strict=True))
        return _cut(self.module.enlarged(values), window, (top, left))


class _Joined(_Pointwise):
    """A joint of a skip connection."""

    def __init__(self, module: Join) -> None:
        self.more = module.more

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:  # noqa: ARG002  # as above
        return torch.cat([values, _cut(self.more, window)], dim=1)


class _Sum(_Layer):
    """A residual block."""

    def __init__(self, module: Residual) -> None:
        self.body = Chain(module.body)

    def needs(self, span: Span, side: int) -> Span:
        return self.body.needs(span, side)  # reaches further than the pixels that are added

    def run(self, values: Tensor, window: Window, size: tuple[int, int]) -> Tensor:
        rows, columns = (self.needs(span, side)[0] for span, side in zip(window, size, strict=True))
        return _cut(values, window, (rows, columns)) + self.body.run(values, window, size)


_LAYERS: tuple[tuple[type[nn.Module], Callable[[Any], _Layer]], ...] = (
    (nn.ReflectionPad2d, _Reflection),
    (ResizeConvolution, _Resize),  # before its base class
    (nn.Conv2d, _Convolution),
    (nn.ConvTranspose2d, _UpConvolution),
    (Residual, _Sum),
    (Join, _Joined),
    (nn.InstanceNorm2d, _Statistics),
    (nn.BatchNorm2d, _Pointwise),
    (nn.ReLU, _Pointwise),
    (nn.Identity, _Pointwise),
    (nn.Dropout2d, _Pointwise),  # in eval mode
)


def _layer(module: nn.Module) -> _Layer:
    for kind, wrap in _LAYERS:
        if isinstance(module, kind):
            return wrap(module)
    raise TypeError(
        f"a layer of a window must be one of a Generator's; found {type(module).__name__}. Leave crop_inference out."
    )


def _cut(values: Tensor, window: Iterable[Span], origin: tuple[int, int] = (0, 0)) -> Tensor:
    """A window of [N, C, H, W] whose first row and column are the `origin`."""
    (top, bottom), (left, right) = window
    return values[..., top - origin[0] : bottom - origin[0], left - origin[1] : right - origin[1]]
