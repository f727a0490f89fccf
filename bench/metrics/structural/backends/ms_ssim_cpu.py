"""MS-SSIM on the CPU: one compiled sweep over each channel at each scale."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.structural.backends.rows import contrast_loss, fill_row, filter_down, similarity_loss
from bench.metrics.structural.backends.window import TAPS
from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each

__all__ = ["scale_losses"]

Floats: TypeAlias = npt.NDArray[np.float64]

_TAPS = np.array(TAPS)


def scale_losses(reference: torch.Tensor, picture: torch.Tensor, scales: int) -> torch.Tensor:
    """1 - mean contrast term at every scale but the last, and 1 - mean SSIM at the last, over the valid area.

    One channel of one image is one task, whose arithmetic depends on nothing else.

    Args:
        reference: uint8 [N, 3, H, W] on the CPU, large enough for the window at the last scale.
        picture: uint8 [N, 3, H, W].
        scales: how many; each halves the one before.

    Returns:
        float64 [N, 3, scales].
    """
    x, y = as_array(reference), as_array(picture)
    losses = np.empty((*x.shape[:2], scales))

    def one(task: tuple[int, int]) -> None:
        _channel_losses(x[task].astype(np.float64), y[task].astype(np.float64), _TAPS, losses[task])

    for_each(one, list(np.ndindex(x.shape[:2])))
    return torch.from_numpy(losses)


@compiled
def _channel_losses(x: Floats, y: Floats, taps: Floats, losses: Floats) -> None:
    for scale in range(len(losses)):
        if scale > 0:
            x, y = _halved(x), _halved(y)
        losses[scale] = _mean_loss(x, y, taps, scale == len(losses) - 1)


@compiled
def _halved(channel: Floats) -> Floats:
    """Means over 2x2 pixels [(H + 1) // 2, (W + 1) // 2]; past the end the last row or column is repeated."""
    height, width = channel.shape
    half = np.empty(((height + 1) // 2, (width + 1) // 2))
    for row in range(half.shape[0]):
        upper, lower = channel[2 * row], channel[min(2 * row + 1, height - 1)]
        for column in range(half.shape[1]):
            left, right = 2 * column, min(2 * column + 1, width - 1)
            half[row, column] = (upper[left] + upper[right] + lower[left] + lower[right]) / 4
    return half


@compiled
def _mean_loss(x: Floats, y: Floats, taps: Floats, last: bool) -> float:
    """Mean of 1 - SSIM at the last scale, of 1 - contrast term at the others, over the valid area of one channel."""
    height, width = x.shape
    ring = np.empty((4, 11, width))  # the last eleven input rows of s, d, s² and d²
    filtered = np.empty((4, width))
    row, by_column = np.empty(width - 10), np.zeros(width - 10)
    for bottom in range(height):
        fill_row(x[bottom], y[bottom], ring[:, bottom % 11])
        if bottom < 10:
            continue
        for index in range(4):
            filter_down(ring[index], bottom - 10, 0, width, taps, filtered[index])
        if last:
            similarity_loss(filtered, 0, taps, row)
        else:
            contrast_loss(filtered, taps, row)
        by_column += row
    mean: float = by_column.sum() / ((height - 10) * (width - 10))
    return mean
