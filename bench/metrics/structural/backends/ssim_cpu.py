"""SSIM on the CPU: one compiled sweep over each channel, rows at a time so that it stays in cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.structural.backends.rows import fill_row, filter_down, similarity_loss
from bench.metrics.structural.backends.window import TAPS
from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each, stack_masks

__all__ = ["dissimilarity_sums"]

Channel: TypeAlias = npt.NDArray[np.uint8]  # [H, W]
Masks: TypeAlias = npt.NDArray[np.bool_]  # [R, H, W]
Floats: TypeAlias = npt.NDArray[np.float64]

_TAPS = np.array(TAPS)


def dissimilarity_sums(
    reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum 1 - SSIM over channels and over the valid pixels of each region.

    One channel of one image is one task, whose arithmetic depends on nothing else.

    Args:
        reference: uint8 [N, 3, H, W] on the CPU, at least 11 x 11.
        picture: uint8 [N, 3, H, W].
        regions: bool [N, 1, H, W] each, R of them.

    Returns:
        float64 [N, R], and the number of windows summed, int64 [N, R].
    """
    x, y, masks = as_array(reference), as_array(picture), stack_masks(regions)
    images, channels = x.shape[:2]
    sums = np.zeros((images, channels, masks.shape[1]))
    windows = np.zeros((images, channels, masks.shape[1]), np.int64)

    def one(task: tuple[int, int]) -> None:
        image, _ = task
        _channel_sums(x[task], y[task], masks[image], _TAPS, sums[task])
        _count_windows(masks[image], windows[task])

    for_each(one, list(np.ndindex(images, channels)))
    return torch.from_numpy(sums[:, 0] + sums[:, 1] + sums[:, 2]), torch.from_numpy(windows.sum(axis=1))


@compiled
def _channel_sums(x: Channel, y: Channel, masks: Masks, taps: Floats, sums: Floats) -> None:
    """Add 1 - SSIM of one channel over each mask to `sums` [R]."""
    height, width = x.shape
    first, last = _difference_extents(x, y)
    ring = np.empty((4, 11, width))  # the last eleven input rows of s, d, s² and d²
    filtered = np.empty((4, width))
    row = np.empty(width)
    by_column = np.zeros((len(masks), width))
    ready = 0
    for top in range(height - 10):
        left = max(first[top : top + 11].min() - 10, 0)
        right = min(last[top : top + 11].max() + 1, width - 10)
        if left >= right:
            continue
        for source in range(max(ready, top), top + 11):
            fill_row(x[source], y[source], ring[:, source % 11])
        ready = top + 11
        for index in range(4):
            filter_down(ring[index], top, left, right + 10, taps, filtered[index])
        similarity_loss(filtered, left, taps, row[left:right])
        for region in range(len(masks)):
            _add(row[left:right], masks[region, top + 5, left + 5 :], by_column[region, left:])
    for region in range(len(masks)):
        for column in range(width):
            sums[region] += by_column[region, column]


@compiled
def _difference_extents(x: Channel, y: Channel) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last column that differs in each row; beyond all columns where none does."""
    height, width = x.shape
    first, last = np.full(height, width + 10), np.full(height, -1)
    for row in range(height):
        for column in range(width):
            if x[row, column] != y[row, column]:
                first[row] = column
                break
        for column in range(width - 1, first[row] - 1, -1):
            if x[row, column] != y[row, column]:
                last[row] = column
                break
    return first, last


@compiled
def _add(row: Floats, mask: npt.NDArray[np.bool_], total: Floats) -> None:
    for i in range(len(row)):
        total[i] += row[i] * mask[i]


@compiled
def _count_windows(masks: Masks, windows: npt.NDArray[np.int64]) -> None:
    """Add the pixels of each mask whose window lies inside the picture to `windows` [R]."""
    for region in range(len(masks)):
        for row in range(5, masks.shape[1] - 5):
            for pixel in masks[region, row, 5:-5]:
                windows[region] += pixel
