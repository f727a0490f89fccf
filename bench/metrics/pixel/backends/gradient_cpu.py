"""Exact sums of gradient differences on the CPU, all regions in one sweep over each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each, stack_masks

__all__ = ["gradient_sums"]

Row: TypeAlias = npt.NDArray[np.uint8]  # [3, W]
Image: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]
Masks: TypeAlias = npt.NDArray[np.bool_]  # [R, H, W]
Integers: TypeAlias = npt.NDArray[np.int64]


def gradient_sums(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sums of absolute differences of absolute gradients over pairs of neighbours, and the number of pairs.

    Args:
        reference: uint8 [N, 3, H, W] on the CPU.
        picture: uint8 [N, 3, H, W].
        regions: bool [N, 1, H, W] each, R of them; a pair counts where either pixel is in the region.

    Returns:
        int64 [2, N, R]; the sums are over the three channels too.
    """
    x, y, masks = as_array(reference), as_array(picture), stack_masks(regions)
    sums = np.zeros((len(x), masks.shape[1], 2), np.int64)
    for_each(lambda image: _image_sums(x[image], y[image], masks[image], sums[image]), range(len(x)))
    return torch.from_numpy(np.ascontiguousarray(sums.transpose(2, 0, 1)))


@compiled
def _image_sums(x: Image, y: Image, masks: Masks, sums: Integers) -> None:
    """Fill `sums` [R, 2] with the differences and the pairs of each mask."""
    height, width = x.shape[1:]
    changes = np.empty(width, np.int32)
    for row in range(height):
        _changes(x[:, row, :-1], x[:, row, 1:], y[:, row, :-1], y[:, row, 1:], changes)
        for region in range(len(masks)):
            _add(changes, masks[region, row, :-1], masks[region, row, 1:], sums[region])
        if row + 1 < height:
            _changes(x[:, row], x[:, row + 1], y[:, row], y[:, row + 1], changes)
            for region in range(len(masks)):
                _add(changes, masks[region, row], masks[region, row + 1], sums[region])


@compiled
def _changes(x: Row, next_x: Row, y: Row, next_y: Row, changes: npt.NDArray[np.int32]) -> None:
    """For each pair of pixels, how far the gradients of both pictures are apart, summed over channels."""
    changes[:] = 0
    for channel in range(len(x)):
        for i in range(x.shape[1]):
            truth = abs(np.int32(next_x[channel, i]) - np.int32(x[channel, i]))
            answer = abs(np.int32(next_y[channel, i]) - np.int32(y[channel, i]))
            changes[i] += abs(truth - answer)


@compiled
def _add(
    changes: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_], next_mask: npt.NDArray[np.bool_], sums: Integers
) -> None:
    total, pairs = 0, 0
    for i in range(len(mask)):
        counted = mask[i] | next_mask[i]
        total += changes[i] * counted
        pairs += counted
    sums[0] += total
    sums[1] += pairs
