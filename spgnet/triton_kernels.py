"""Kernels for NVIDIA GPUs, in Triton, of what SPG-Net does between its convolutions: each one pass over memory.

Values lie with channels innermost, as dense [N, H, W, C]. Arithmetic is in float32 whatever the values' dtype.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["assemble", "depthwise", "finish", "head_values", "logits_to_labels"]

_NO_LIMITS = (float("-inf"), float("inf"))
_BLOCK = 1024
_COLUMNS = 64


@triton.jit
def _finish_kernel(  # type: ignore[no-untyped-def]
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
    CHANNELS: tl.constexpr,
    HAS_RESIDUAL: tl.constexpr,
    PHASES: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    offsets = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < out_width * CHANNELS
    channel = offsets % CHANNELS
    y = (height - 1) - tl.abs((height - 1) - tl.abs(row % out_height - margin))
    x = (width - 1) - tl.abs((width - 1) - tl.abs(offsets // CHANNELS - margin))
    if PHASES:
        line = (picture * (height // 2 + 1) + y // 2 + 1) * (width // 2 + 1) + x // 2 + 1
        source = (line * 4 + y % 2 * 2 + x % 2) * CHANNELS + channel
    else:
        source = ((picture * height + y) * width + x) * CHANNELS + channel
    found = tl.load(values + source, mask=inside).to(tl.float32)
    found += tl.load(bias + channel, mask=inside)
    if HAS_RESIDUAL:
        around = 2 * residual_margin
        line = (picture * (height + around) + y + residual_margin) * (width + around) + x + residual_margin
        found += tl.load(residual + line * CHANNELS + channel, mask=inside).to(tl.float32)
    found = tl.minimum(tl.maximum(found, lowest), highest)
    tl.store(result + row * out_width * CHANNELS + offsets, found.to(result.dtype.element_ty), mask=inside)


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
    _launch(
        _finish_kernel,
        (n * out_height, triton.cdiv(out_width * channels, _BLOCK)),
        (values, bias, values if residual is None else residual, result),
        (height, width, out_height, out_width, margin, residual_margin, *limits),
        {"CHANNELS": channels, "HAS_RESIDUAL": residual is not None, "PHASES": phases, "BLOCK": _BLOCK},
    )
    return result


@triton.jit
def _assemble_kernel(  # type: ignore[no-untyped-def]
    image,
    labels,
    hole,
    scale,
    shift,
    result,
    height,
    width,
    padded_height,
    padded_width,
    out_height,
    out_width,
    margin,
    image_n,
    image_c,
    image_y,
    image_x,
    labels_n,
    labels_c,
    labels_y,
    labels_x,
    hole_n,
    hole_y,
    hole_x,
    hidden,
    CLASSES: tl.constexpr,
    LABEL_MAP: tl.constexpr,
    HIDE_LABELS: tl.constexpr,
    MASK_CHANNEL: tl.constexpr,
    CHANNELS: tl.constexpr,
    CHANNELS_UP: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    y = (padded_height - 1) - tl.abs((padded_height - 1) - tl.abs(row % out_height - margin))
    x = (padded_width - 1) - tl.abs((padded_width - 1) - tl.abs(column - margin))
    y = tl.minimum(y, height - 1)
    x = tl.maximum(tl.minimum(x, width - 1), 0)
    columns = column[:, None] < out_width
    channel = tl.arange(0, CHANNELS_UP)[None, :]
    missing = tl.load(hole + picture * hole_n + y * hole_y + x * hole_x, mask=column < out_width, other=0)[:, None] != 0
    colours = tl.load(
        image + picture * image_n + channel * image_c + y * image_y + x[:, None] * image_x,
        mask=columns & (channel < 3),
        other=0,
    ).to(tl.float32)
    colours = colours * tl.load(scale + channel, mask=channel < 3, other=0)
    colours += tl.load(shift + channel, mask=channel < 3, other=0)
    found = tl.where(channel < 3, tl.where(missing, hidden, colours), 0.0)
    if CLASSES == 0:
        pass
    elif LABEL_MAP:
        label = tl.load(labels + picture * labels_n + y * labels_y + x * labels_x, mask=column < out_width, other=0)
        known = (label[:, None].to(tl.int32) == channel - 3) & (channel < 3 + CLASSES) & (channel >= 3)
        found = tl.where((known & (missing == 0)) if HIDE_LABELS else known, 1.0, found)
    else:
        classes = (channel >= 3) & (channel < 3 + CLASSES)
        given = tl.load(
            labels + picture * labels_n + (channel - 3) * labels_c + y * labels_y + x[:, None] * labels_x,
            mask=columns & classes,
            other=0,
        ).to(tl.float32)
        found += tl.where(missing, 0.0, given) if HIDE_LABELS else given
    if MASK_CHANNEL:
        found = tl.where((channel == 3 + CLASSES) & missing, 1.0, found)
    tl.store(
        result + (row * out_width + column[:, None]) * CHANNELS + channel,
        found.to(result.dtype.element_ty),
        mask=columns & (channel < CHANNELS),
    )


def assemble(
    image: Tensor,
    labels: Tensor | None,
    hole: Tensor,
    *,
    scale: Tensor,
    shift: Tensor,
    hidden: float,
    classes: int,
    hide_labels: bool,
    mask_channel: bool,
    channels: int,
    size: tuple[int, int],
    dtype: torch.dtype,
    margin: int = 0,
    margin_right: int = 0,
) -> Tensor:
    """The input of a network's first convolution: picture, labels and mask side by side, padded, in one dtype.

    Args:
        image: float [N, 3, H, W] in any memory order; finite in the hole, where the values are not used.
        labels: None if `classes` is 0, else float [N, C, H, W], or an integer label map [N, H, W], which is coded one-hot.
        hole: bool [N, 1, H, W].
        scale: float32 [3], by which the colours are multiplied.
        shift: float32 [3], added then.
        hidden: value of the colours in the hole.
        classes: C.
        hide_labels: whether labels are all-zero in the hole.
        mask_channel: whether the hole is a channel behind the classes.
        channels: of the result, at least those that there are; the rest are 0.
        size: height and width to which the last row and column are repeated first.
        dtype: of the result.
        margin: pixels of reflection on each side, then.
        margin_right: on the right side.

    Returns:
        [N, height + 2 margin, width + margin + margin_right, channels].
    """
    n, _, height, width = image.shape
    out_height, out_width = size[0] + 2 * margin, size[1] + margin + margin_right
    result = torch.empty(n, out_height, out_width, channels, dtype=dtype, device=image.device)
    label_map = labels is not None and not labels.is_floating_point()
    coded = image if labels is None else labels[:, None] if label_map else labels
    _launch(
        _assemble_kernel,
        (n * out_height, triton.cdiv(out_width, _COLUMNS)),
        (image, coded, hole.view(torch.uint8), scale, shift, result),
        (height, width, *size, out_height, out_width, margin, *image.stride(), *coded.stride()),
        {
            "hole_n": hole.stride(0),
            "hole_y": hole.stride(2),
            "hole_x": hole.stride(3),
            "hidden": hidden,
            "CLASSES": classes,
            "LABEL_MAP": label_map,
            "HIDE_LABELS": hide_labels,
            "MASK_CHANNEL": mask_channel,
            "CHANNELS": channels,
            "CHANNELS_UP": triton.next_power_of_2(channels),
            "COLUMNS": _COLUMNS,
        },
    )
    return result


@triton.jit
def _head_kernel(  # type: ignore[no-untyped-def]
    values,
    bias,
    result,
    height,
    width,
    row_length,
    picture_length,
    scale,
    GROUP: tl.constexpr,
    GROUP_LENGTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    HEAD: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // height
    y = row % height
    x = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    inside = x < width
    source = values + picture * picture_length + y * row_length + (x // GROUP) * GROUP_LENGTH + (x % GROUP) * CHANNELS
    target = result + (picture * CHANNELS * height + y) * width + x
    plane = height * width
    if HEAD == 1:
        largest = tl.full([COLUMNS], float("-inf"), tl.float32)
        for channel in range(CHANNELS):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            largest = tl.maximum(largest, found * scale)
        total = tl.full([COLUMNS], 0.0, tl.float32)
        for channel in range(CHANNELS):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            total += tl.exp(found * scale - largest)
        for channel in range(CHANNELS):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            tl.store(target + channel * plane, tl.exp(found * scale - largest) / total, mask=inside)
    else:
        for channel in range(CHANNELS):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            if HEAD == 2:
                found = 1 / (1 + tl.exp(-2 * found))  # (tanh + 1) / 2
            tl.store(target + channel * plane, found, mask=inside)


def head_values(values: Tensor, bias: Tensor, size: tuple[int, int], group: int, head: str, scale: float = 1.0) -> Tensor:
    """The last layer's values as float32 pictures, channel after channel.

    Args:
        values: [N, rows, groups, at least group * C]: the C values of `group` pixels side by side, then what is left
            out.
        bias: float32 [C], added.
        size: height and width of the result, at most those of `values`.
        group: pixels a group.
        head: `logits`, `softmax` over the channels, or `sigmoid`: (tanh + 1) / 2.
        scale: logits are multiplied by it before the softmax.

    Returns:
        float32 [N, C, *size].
    """
    n, rows, groups, length = values.shape
    result = values.new_empty(n, len(bias), *size, dtype=torch.float32)
    _launch(
        _head_kernel,
        (n * size[0], triton.cdiv(size[1], 2 * _COLUMNS)),
        (values, bias, result),
        (*size, groups * length, rows * groups * length, scale),
        {
            "GROUP": group,
            "GROUP_LENGTH": length,
            "CHANNELS": len(bias),
            "HEAD": ("logits", "softmax", "sigmoid").index(head),
            "COLUMNS": 2 * _COLUMNS,
        },
    )
    return result


@triton.jit
def _logits_to_labels_kernel(  # type: ignore[no-untyped-def]
    logits,
    hole,
    result,
    height,
    width,
    rows,
    columns,
    row_step,
    column_step,
    hole_n,
    hole_y,
    hole_x,
    CLASSES: tl.constexpr,
    VOID: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // height
    y = row % height
    x = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    inside = x < width
    source_y = y.to(tl.float32) * row_step
    source_x = x.to(tl.float32) * column_step
    top = source_y.to(tl.int32)
    left = source_x.to(tl.int32)
    below = source_y - top.to(tl.float32)
    beside = source_x - left.to(tl.float32)
    bottom = tl.minimum(top + 1, rows - 1)
    right = tl.minimum(left + 1, columns - 1)
    upper = logits + (picture * rows + top) * columns * CLASSES
    lower = logits + (picture * rows + bottom) * columns * CLASSES
    best = tl.full([COLUMNS], float("-inf"), tl.float32)
    label = tl.full([COLUMNS], 0, tl.int32)
    for channel in range(CLASSES):
        a = tl.load(upper + left * CLASSES + channel, mask=inside, other=0).to(tl.float32)
        b = tl.load(upper + right * CLASSES + channel, mask=inside, other=0).to(tl.float32)
        c = tl.load(lower + left * CLASSES + channel, mask=inside, other=0).to(tl.float32)
        d = tl.load(lower + right * CLASSES + channel, mask=inside, other=0).to(tl.float32)
        score = (1 - below) * (a + (b - a) * beside) + below * (c + (d - c) * beside)
        label = tl.where(score > best, channel, label)
        best = tl.maximum(best, score)
    missing = tl.load(hole + picture * hole_n + y * hole_y + x * hole_x, mask=inside, other=0) != 0
    tl.store(result + row * width + x, tl.where(missing, VOID, label).to(tl.uint8), mask=inside)


def logits_to_labels(logits: Tensor, hole: Tensor, scale: int, void: int) -> Tensor:
    """The likeliest class of logits that are enlarged bilinearly with aligned corners; the first of several.

    Args:
        logits: [N, h, w, C], dense.
        hole: bool [N, 1, H, W] with H at most scale * h and W at most scale * w: the result's size.
        scale: of the enlargement.
        void: label in the hole.

    Returns:
        uint8 [N, H, W].
    """
    n, rows, columns, classes = logits.shape
    height, width = hole.shape[2:]
    result = torch.empty(n, height, width, dtype=torch.uint8, device=logits.device)
    steps = [(side - 1) / max(side * scale - 1, 1) for side in (rows, columns)]
    _launch(
        _logits_to_labels_kernel,
        (n * height, triton.cdiv(width, 2 * _COLUMNS)),
        (logits, hole.view(torch.uint8), result),
        (height, width, rows, columns, *steps, hole.stride(0), hole.stride(2), hole.stride(3)),
        {"CLASSES": classes, "VOID": void, "COLUMNS": 2 * _COLUMNS},
    )
    return result


@triton.jit
def _depthwise_kernel(  # type: ignore[no-untyped-def]
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
    CHANNELS: tl.constexpr,
    HAS_BEFORE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    offsets = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < out_width * CHANNELS
    channel = offsets % CHANNELS
    top = row % out_height * stride - padding
    left = offsets // CHANNELS * stride - padding
    total = tl.load(bias + channel, mask=inside, other=0)
    if HAS_BEFORE:
        before = tl.load(bias_before + channel, mask=inside, other=0)
    for tap in tl.static_range(9):
        y = top + tap // 3 * dilation
        x = left + tap % 3 * dilation
        there = inside & (x >= 0) & (x < tl.where((y >= 0) & (y < height), width, 0))
        found = tl.load(values + ((picture * height + y) * width + x) * CHANNELS + channel, mask=there, other=0)
        found = found.to(tl.float32)
        if HAS_BEFORE:
            found = tl.minimum(tl.maximum(found + before, lowest_before), highest_before)
            found = tl.where(there, found, 0.0)
        total += found * tl.load(weight + tap * CHANNELS + channel, mask=inside, other=0)
    total = tl.minimum(tl.maximum(total, lowest), highest)
    tl.store(result + row * out_width * CHANNELS + offsets, total.to(result.dtype.element_ty), mask=inside)


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
    _launch(
        _depthwise_kernel,
        (n * out_height, triton.cdiv(out_width * channels, _BLOCK)),
        (values, weight, bias, bias if bias_before is None else bias_before, result),
        (height, width, out_height, out_width, stride, dilation, padding, *limits, *limits_before),
        {"CHANNELS": channels, "HAS_BEFORE": bias_before is not None, "BLOCK": _BLOCK},
    )
    return result


def _launch(kernel: Any, grid: tuple[int, int], tensors: tuple[Tensor, ...], numbers: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Start a kernel on the device of its tensors, which need not be the current one."""
    with torch.cuda.device_of(tensors[0]):
        kernel[grid](*tensors, *numbers, **named)
