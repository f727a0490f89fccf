"""Kernels for NVIDIA GPUs, in Triton, from pictures and labels to values of networks and back: each one pass.

Values lie with channels innermost, as dense [N, H, W, C]. Arithmetic is in float32 whatever the values' dtype.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from spgnet.gpu.triton_layers import launch

__all__ = ["assemble", "head_values", "logits_to_labels"]

_COLUMNS = 64


@triton.jit
def _assemble_kernel(  # noqa: PLR0917
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
    classes: tl.constexpr,
    label_map: tl.constexpr,
    hide_labels: tl.constexpr,
    mask_channel: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // out_height
    column = tl.program_id(1) * block + tl.arange(0, block)
    y = (padded_height - 1) - tl.abs((padded_height - 1) - tl.abs(row % out_height - margin))
    x = (padded_width - 1) - tl.abs((padded_width - 1) - tl.abs(column - margin))
    y = tl.minimum(y, height - 1)
    x = tl.maximum(tl.minimum(x, width - 1), 0)
    within = column[:, None] < out_width
    channel = tl.arange(0, lanes)[None, :]
    missing = tl.load(hole + picture * hole_n + y * hole_y + x * hole_x, mask=column < out_width, other=0)[:, None] != 0
    colours = tl.load(
        image + picture * image_n + channel * image_c + y * image_y + x[:, None] * image_x,
        mask=within & (channel < 3),
        other=0,
    ).to(tl.float32)
    colours = colours * tl.load(scale + channel, mask=channel < 3, other=0)
    colours += tl.load(shift + channel, mask=channel < 3, other=0)
    found = tl.where(channel < 3, tl.where(missing, hidden, colours), 0.0)
    if classes == 0:
        pass
    elif label_map:
        label = tl.load(labels + picture * labels_n + y * labels_y + x * labels_x, mask=column < out_width, other=0)
        known = (label[:, None].to(tl.int32) == channel - 3) & (channel < 3 + classes) & (channel >= 3)
        found = tl.where((known & (missing == 0)) if hide_labels else known, 1.0, found)
    else:
        is_class = (channel >= 3) & (channel < 3 + classes)
        given = tl.load(
            labels + picture * labels_n + (channel - 3) * labels_c + y * labels_y + x[:, None] * labels_x,
            mask=within & is_class,
            other=0,
        ).to(tl.float32)
        found += tl.where(missing, 0.0, given) if hide_labels else given
    if mask_channel:
        found = tl.where((channel == 3 + classes) & missing, 1.0, found)
    tl.store(
        result + (row * out_width + column[:, None]) * channels + channel,
        found.to(result.dtype.element_ty),
        mask=within & (channel < channels),
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
        labels: float [N, C, H, W], or an integer label map [N, H, W], which is coded one-hot; None if `classes` is 0.
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
    launch(
        _assemble_kernel,
        (n * out_height, triton.cdiv(out_width, _COLUMNS)),
        (image, coded, hole.view(torch.uint8), scale, shift, result),
        (height, width, *size, out_height, out_width, margin, *image.stride(), *coded.stride()),
        {
            "hole_n": hole.stride(0),
            "hole_y": hole.stride(2),
            "hole_x": hole.stride(3),
            "hidden": hidden,
            "classes": classes,
            "label_map": label_map,
            "hide_labels": hide_labels,
            "mask_channel": mask_channel,
            "channels": channels,
            "lanes": triton.next_power_of_2(channels),
            "block": _COLUMNS,
        },
    )
    return result


@triton.jit
def _head_kernel(
    values,
    bias,
    result,
    height,
    width,
    row_length,
    picture_length,
    scale,
    group: tl.constexpr,
    group_length: tl.constexpr,
    channels: tl.constexpr,
    head: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // height
    y = row % height
    x = tl.program_id(1) * block + tl.arange(0, block)
    inside = x < width
    source = values + picture * picture_length + y * row_length + (x // group) * group_length + (x % group) * channels
    target = result + (picture * channels * height + y) * width + x
    plane = height * width
    if head == 1:
        largest = tl.full([block], float("-inf"), tl.float32)
        for channel in range(channels):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            largest = tl.maximum(largest, found * scale)
        total = tl.full([block], 0.0, tl.float32)
        for channel in range(channels):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            total += tl.exp(found * scale - largest)
        for channel in range(channels):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            tl.store(target + channel * plane, tl.exp(found * scale - largest) / total, mask=inside)
    else:
        for channel in range(channels):
            found = tl.load(source + channel, mask=inside, other=0).to(tl.float32) + tl.load(bias + channel)
            if head == 2:
                found = 1 / (1 + tl.exp(-2 * found))  # (tanh + 1) / 2
            tl.store(target + channel * plane, found, mask=inside)


def head_values(
    values: Tensor, bias: Tensor, size: tuple[int, int], group: int, head: str, scale: float = 1.0
) -> Tensor:
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
    launch(
        _head_kernel,
        (n * size[0], triton.cdiv(size[1], 2 * _COLUMNS)),
        (values, bias, result),
        (*size, groups * length, rows * groups * length, scale),
        {
            "group": group,
            "group_length": length,
            "channels": len(bias),
            "head": ("logits", "softmax", "sigmoid").index(head),
            "block": 2 * _COLUMNS,
        },
    )
    return result


@triton.jit
def _logits_to_labels_kernel(
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
    classes: tl.constexpr,
    void: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    picture = row // height
    y = row % height
    x = tl.program_id(1) * block + tl.arange(0, block)
    inside = x < width
    source_y = y.to(tl.float32) * row_step
    source_x = x.to(tl.float32) * column_step
    top = source_y.to(tl.int32)
    left = source_x.to(tl.int32)
    below = source_y - top.to(tl.float32)
    beside = source_x - left.to(tl.float32)
    bottom = tl.minimum(top + 1, rows - 1)
    right = tl.minimum(left + 1, columns - 1)
    upper = logits + (picture * rows + top) * columns * classes
    lower = logits + (picture * rows + bottom) * columns * classes
    best = tl.full([block], float("-inf"), tl.float32)
    label = tl.full([block], 0, tl.int32)
    for channel in range(classes):
        a = tl.load(upper + left * classes + channel, mask=inside, other=0).to(tl.float32)
        b = tl.load(upper + right * classes + channel, mask=inside, other=0).to(tl.float32)
        c = tl.load(lower + left * classes + channel, mask=inside, other=0).to(tl.float32)
        d = tl.load(lower + right * classes + channel, mask=inside, other=0).to(tl.float32)
        score = (1 - below) * (a + (b - a) * beside) + below * (c + (d - c) * beside)
        label = tl.where(score > best, channel, label)
        best = tl.maximum(best, score)
    missing = tl.load(hole + picture * hole_n + y * hole_y + x * hole_x, mask=inside, other=0) != 0
    tl.store(result + row * width + x, tl.where(missing, void, label).to(tl.uint8), mask=inside)


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
    launch(
        _logits_to_labels_kernel,
        (n * height, triton.cdiv(width, 2 * _COLUMNS)),
        (logits, hole.view(torch.uint8), result),
        (height, width, rows, columns, *steps, hole.stride(0), hole.stride(2), hole.stride(3)),
        {"classes": classes, "void": void, "block": 2 * _COLUMNS},
    )
    return result
