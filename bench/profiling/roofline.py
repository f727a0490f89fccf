"""The roofline of a call, from rates measured on this machine: convolutions of the model's shapes, products, copies.

After Williams, Waterman and Patterson, "Roofline" (2009): a call takes at least the time of its arithmetic at the
measured rate, and at least the time to move the input, weights and result of every convolution once. Everything else
of a network can be fused into its convolutions and counts as free.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

import torch
from torch.nn import functional

from bench.models.instrumentation import Convolution
from bench.profiling.clock import clock_for
from bench.profiling.execution import DTYPES, precision_context
from bench.profiling.reference_kernels import seconds
from bench.records.bound import Bound
from bench.records.profile import Precision

__all__ = ["MachineRates"]

_COVERED_SHARE = 0.9  # of the operations; the rest is many small shapes
_MAX_SECONDS = 3.0  # for the shapes of a model in one precision
_TIMES = 5
_UNSUPPORTED = (RuntimeError, NotImplementedError)


class MachineRates:
    """The rates of one device, each measured once.

    Args:
        device: torch device.
    """

    def __init__(self, device: str) -> None:
        self._device, self._clock = device, clock_for(device)
        self._large = torch.device(device).type != "cpu"
        self._convolutions: dict[tuple[Convolution, Precision], float | None] = {}
        self._products: dict[Precision, float | None] = {}
        self._copies: float | None = None

    def bound(self, convolutions: Mapping[Convolution, int], flops: int, precision: Precision) -> Bound | None:
        """The least time of a call that does these convolutions, and other products up to `flops` in all.

        None for a call without operations, or in a precision in which this device has none.
        """
        convolution_rate = self.convolution_rate(convolutions, precision)
        product_rate = self.product_rate(precision)
        rates = [rate for rate in (convolution_rate, product_rate) if rate]
        if not flops or not rates:
            return None
        done = min(flops, sum(shape.flops * times for shape, times in convolutions.items()))
        compute = done / (convolution_rate or rates[0]) + (flops - done) / (product_rate or rates[0])
        moved = sum(shape.numbers * times for shape, times in convolutions.items()) * DTYPES[precision].itemsize
        return Bound(compute, moved / self.copy_rate(), convolution_rate, product_rate, self.copy_rate())

    def convolution_rate(self, convolutions: Mapping[Convolution, int], precision: Precision) -> float | None:
        """Operations a second over the shapes that make up 90 % of the operations, weighed by them."""
        total = sum(shape.flops * times for shape, times in convolutions.items())
        operations = taken = 0.0
        end = time.monotonic() + _MAX_SECONDS
        for shape, times in Counter({shape: shape.flops * n for shape, n in convolutions.items()}).most_common():
            if operations >= _COVERED_SHARE * total or (operations and time.monotonic() > end):
                break
            seconds_each = self._convolution(shape, precision)
            if seconds_each is not None:
                operations += times
                taken += times / shape.flops * seconds_each
        return operations / taken if taken else None

    def product_rate(self, precision: Precision) -> float | None:
        """Operations a second of a product of two large square matrices."""
        if precision not in self._products:
            side = 8192 if self._large else 512
            one = _numbers((side, side), self._device, DTYPES[precision])
            best = self._best(lambda: one @ one, precision)
            self._products[precision] = None if best is None else 2 * side**3 / best
        return self._products[precision]

    def copy_rate(self) -> float:
        """Bytes a second, read and written."""
        if self._copies is None:
            source = torch.ones(1 << (28 if self._large else 23), device=self._device)
            target = torch.empty_like(source)
            best = self._best(lambda: target.copy_(source), "fp32") or float("inf")
            self._copies = 2 * source.numel() * source.itemsize / best
        return self._copies

    def _convolution(self, shape: Convolution, precision: Precision) -> float | None:
        """Seconds in the better of the two memory formats."""
        key = shape, precision
        if key not in self._convolutions:
            formats = (torch.contiguous_format, torch.channels_last)
            found = [
                self._best(_convolve(shape, self._device, DTYPES[precision], order), precision) for order in formats
            ]
            self._convolutions[key] = min((best for best in found if best is not None), default=None)
        return self._convolutions[key]

    def _best(self, kernel: Callable[[], object], precision: Precision) -> float | None:
        """The least seconds of a few calls, None if the device does not support the kernel in this precision."""
        try:
            with precision_context(precision, self._device, autocast=False):
                return min(seconds(self._clock, kernel) for _ in range(_TIMES))
        except _UNSUPPORTED:
            return None


def _numbers(shape: tuple[int, ...], device: str, dtype: torch.dtype) -> torch.Tensor:
    """Random numbers: equal ones take less power, and a GPU multiplies them faster than any real values."""
    generator = torch.Generator(device).manual_seed(0)
    return torch.randn(shape, generator=generator, device=device).mul_(0.1).to(dtype)


def _convolve(
    shape: Convolution, device: str, dtype: torch.dtype, order: torch.memory_format
) -> Callable[[], torch.Tensor]:
    inputs, outputs = shape.inputs[1], shape.outputs[1]
    first, second = (inputs, outputs) if shape.transposed else (outputs, inputs)
    values = _numbers(shape.inputs, device, dtype).contiguous(memory_format=order)
    weights = _numbers((first, second // shape.groups, *shape.kernel), device, dtype).contiguous(memory_format=order)
    if shape.transposed:
        return lambda: functional.conv_transpose2d(
            values,
            weights,
            stride=shape.stride,
            padding=shape.padding,
            output_padding=shape.output_padding,
            groups=shape.groups,
            dilation=shape.dilation,
        )
    return lambda: functional.conv2d(values, weights, None, shape.stride, shape.padding, shape.dilation, shape.groups)
