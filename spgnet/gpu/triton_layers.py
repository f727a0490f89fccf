"""Kernels for NVIDIA GPUs, in Triton, of what stands between convolutions: each one pass over memory.

Values lie with channels innermost, as dense [N, H, W, C]. Arithmetic is in float32 whatever the values' dtype.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["depthwise", "finish", "launch"]

_NO_LIMITS = (float("-inf"), float("inf"))
_BLOCK = 1024


@triton.jit
def _finish_kernel(
    values,
    bias,
    residual,
    result,
    height,
    width,
    out_height,
    out_width,
    margin,
    residual_margin,
    lowest,
    highest,
    channels: tl.constexpr,
    has_residual: tl.constexpr,
    phases: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    offsets = tl.program_id(1) * block + tl.arange(0, block)
    inside = offsets < out_width * channels
    channel = offsets % channels
    y = (height - 1) - tl.abs((height - 1) - tl.abs(row % out_height - margin))
    x = (width - 1) - tl.abs((width - 1) - tl.abs(offsets // channels - margin))
    if phases:
        line = (picture * (height // 2 + 1) + y // 2 + 1) * (width // 2 + 1) + x // 2 + 1
        source = (line * 4 + y % 2 * 2 + x % 2) * channels + channel
    else:
        source = ((picture * height + y) * width + x) * channels + channel
    found = tl.load(values + source, mask=inside).to(tl.float32)
    found += tl.load(bias + channel, mask=inside)
    if has_residual:
        around = 2 * residual_margin
        line = (picture * (height + around) + y + residual_margin) * (width + around) + x + residual_margin
        found += tl.load(residual + line * channels + channel, mask=inside).to(tl.float32)
    found = tl.minimum(tl.maximum(found, lowest), highest)
    tl.store(result + row * out_width * channels + offsets, found.to(result.dtype.element_ty), mask=inside)


def finish(
    values: Tensor,
    bias: Tensor,
    *,
    limits: tuple[float, float] = _NO_LIMITS,
    residual: Tensor | None = None,
    residual_margin: int = 0,
    margin: int = 0,
    margin_right: int | None = None,
    phases: bool = False,
) -> Tensor:
    """What follows a convolution without bias: bias, addition, clamping, and the reflection padding of the next one.

    Args:
        values: [N, H, W, C]; overwritten where nothing is padded.
        bias: float32 [C].
        limits: that the results are clamped to: (0, inf) is ReLU, (0, 6) ReLU6.
        residual: [N, H + 2m, W + 2m, C] with m the `residual_margin`; added but for its margin.
        margin: pixels of reflection on each side, fewer than H and W.
        margin_right: on the right side, if another number there.
        phases: whether `values` are [N, H / 2 + 1, W / 2 + 1, 4 C]: the four pixels that are made of each pixel of half
            the size, row by row, behind a first row and column that are left out.

    Returns:
        [N, H + 2 margin, W + margin + margin_right, C].
    """
    n, height, width, channels = values.shape
    if phases:
        height, width, channels = 2 * (height - 1), 2 * (width - 1), channels // 4
    right = margin if margin_right is None else margin_right
    out_height, out_width = height + 2 * margin, width + margin + right
    in_place = not (margin or right or phases)
    result = values if in_place else values.new_empty(n, out_height, out_width, channels)
    launch(
        _finish_kernel,
        (n * out_height, triton.cdiv(out_width * channels, _BLOCK)),
        (values, bias, values if residual is None else residual, result),
        (height, width, out_height, out_width, margin, residual_margin, *limits),
        {"channels": channels, "has_residual": residual is not None, "phases": phases, "block": _BLOCK},
    )
    return result


@triton.jit
def _depthwise_kernel(  # noqa: PLR0917
    values,
    weight,
    bias,
    bias_before,
    result,
    height,
    width,
    out_height,
    out_width,
    stride,
    dilation,
    padding,
    lowest,
    highest,
    lowest_before,
    highest_before,
    channels: tl.constexpr,
    has_before: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    offsets = tl.program_id(1) * block + tl.arange(0, block)
    inside = offsets < out_width * channels
    channel = offsets % channels
    top = row % out_height * stride - padding
    left = offsets // channels * stride - padding
    total = tl.load(bias + channel, mask=inside, other=0)
    if has_before:
        before = tl.load(bias_before + channel, mask=inside, other=0)
    for tap in tl.static_range(9):
        y = top + tap // 3 * dilation
        x = left + tap % 3 * dilation
        there = inside & (x >= 0) & (x < tl.where((y >= 0) & (y < height), width, 0))
        found = tl.load(values + ((picture * height + y) * width + x) * channels + channel, mask=there, other=0)
        found = found.to(tl.float32)
        if has_before:
            found = tl.minimum(tl.maximum(found + before, lowest_before), highest_before)
            found = tl.where(there, found, 0.0)
        total += found * tl.load(weight + tap * channels + channel, mask=inside, other=0)
    total = tl.minimum(tl.maximum(total, lowest), highest)
    tl.store(result + row * out_width * channels + offsets, total.to(result.dtype.element_ty), mask=inside)


def depthwise(
    values: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: int,
    padding: int,
    dilation: int,
    limits: tuple[float, float],
    limits_before: tuple[float, float],
    bias_before: Tensor | None = None,
) -> Tensor:
    """A depthwise convolution of kernel 3 with what stands before and after it.

    Args:
        values: [N, H, W, C].
        weight: float32 [9, C], row by row.
        bias: float32 [C].
        stride, padding, dilation: of rows and columns; padding is with zeros.
        limits: that the results are clamped to.
        limits_before: that the values are clamped to first, if there is a `bias_before`.
        bias_before: float32 [C], added to the values before.

    Returns:
        [N, rows, columns, C].
    """
    n, height, width, channels = values.shape
    out_height, out_width = ((side + 2 * padding - 2 * dilation - 1) // stride + 1 for side in (height, width))
    result = values.new_empty(n, out_height, out_width, channels)
    launch(
        _depthwise_kernel,
        (n * out_height, triton.cdiv(out_width * channels, _BLOCK)),
        (values, weight, bias, bias if bias_before is None else bias_before, result),
        (height, width, out_height, out_width, stride, dilation, padding, *limits, *limits_before),
        {"channels": channels, "has_before": bias_before is not None, "block": _BLOCK},
    )
    return result


def launch(
    kernel: Any, grid: tuple[int, int], tensors: tuple[Tensor, ...], numbers: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """Start a kernel on the device of its tensors, which need not be the current one."""
    with torch.cuda.device_of(tensors[0]):
        kernel[grid](*tensors, *numbers, **named)
