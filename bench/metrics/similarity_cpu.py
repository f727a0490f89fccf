"""SSIM on the CPU: one compiled sweep over each channel, rows at a time so that it stays in cache.

With s = x + y and d = x - y, SSIM needs four filtered maps instead of five: s, d, s² and d², since
4 cov(x, y) = var(s) - var(d) and 2 (var(x) + var(y)) = var(s) + var(d). Means enter the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.compiled import compiled
from bench.metrics.similarity_window import STABILISER_CONTRAST, STABILISER_LUMINANCE, TAPS
from bench.metrics.threads import as_array, for_each, stack_masks

__all__ = ["dissimilarity_sums"]

Channel: TypeAlias = npt.NDArray[np.uint8]  # [H, W]
Masks: TypeAlias = npt.NDArray[np.bool_]  # [R, H, W]
Floats: TypeAlias = npt.NDArray[np.float64]

_TAPS = np.array(TAPS)
_C1 = 2 * STABILISER_LUMINANCE
_C2 = 2 * STABILISER_CONTRAST


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
            _fill(x[source], y[source], ring[:, source % 11])
        ready = top + 11
        for index in range(4):
            _filter_down(ring[index], top, left, right + 10, taps, filtered[index])
        _filter_along(filtered, left, taps, row[left:right])
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
def _fill(x: npt.NDArray[np.uint8], y: npt.NDArray[np.uint8], maps: Floats) -> None:
    """One row of s (centred, so that its square stays small), d, s² and d²."""
    for column in range(len(x)):
        total = float(x[column]) + float(y[column]) - 255.0
        difference = float(x[column]) - float(y[column])
        maps[0, column] = total
        maps[1, column] = difference
        maps[2, column] = total * total
        maps[3, column] = difference * difference


# In the loops below every array is a slice that begins at index 0: only then does the compiler see that no index is
# negative and use vector instructions (5x).


@compiled
def _filter_down(ring: Floats, top: int, start: int, stop: int, taps: Floats, out: Floats) -> None:
    """Filter the eleven rows of a ring [11, W] that begin with row `top` into columns `start` to `stop` of one row."""
    r0, r1 = ring[top % 11, start:stop], ring[(top + 1) % 11, start:stop]
    r2, r3 = ring[(top + 2) % 11, start:stop], ring[(top + 3) % 11, start:stop]
    r4, r5 = ring[(top + 4) % 11, start:stop], ring[(top + 5) % 11, start:stop]
    r6, r7 = ring[(top + 6) % 11, start:stop], ring[(top + 7) % 11, start:stop]
    r8, r9 = ring[(top + 8) % 11, start:stop], ring[(top + 9) % 11, start:stop]
    r10, out = ring[(top + 10) % 11, start:stop], out[start:stop]
    for i in range(len(out)):
        out[i] = (
            taps[0] * r5[i]
            + taps[1] * (r4[i] + r6[i])
            + taps[2] * (r3[i] + r7[i])
            + taps[3] * (r2[i] + r8[i])
            + taps[4] * (r1[i] + r9[i])
            + taps[5] * (r0[i] + r10[i])
        )


@compiled
def _filter_along(rows: Floats, start: int, taps: Floats, out: Floats) -> None:
    """Filter four rows along x, from column `start` on, and turn them into 1 - SSIM."""
    totals, differences = rows[0, start:], rows[1, start:]
    total_squares, difference_squares = rows[2, start:], rows[3, start:]
    for i in range(len(out)):
        mean_total = _window(totals, i, taps)
        a, b = (mean_total + 255.0) ** 2, _window(differences, i, taps) ** 2
        variance_total = _window(total_squares, i, taps) - mean_total**2
        variance_difference = _window(difference_squares, i, taps) - b
        upper = (a - b + _C1) * (variance_total - variance_difference + _C2)
        lower = (a + b + _C1) * (variance_total + variance_difference + _C2)
        out[i] = (lower - upper) / lower


@compiled
def _window(row: Floats, i: int, taps: Floats) -> float:
    total: float = (
        taps[0] * row[i + 5]
        + taps[1] * (row[i + 4] + row[i + 6])
        + taps[2] * (row[i + 3] + row[i + 7])
        + taps[3] * (row[i + 2] + row[i + 8])
        + taps[4] * (row[i + 1] + row[i + 9])
        + taps[5] * (row[i] + row[i + 10])
    )
    return total


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
