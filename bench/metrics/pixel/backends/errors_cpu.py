"""Exact sums of pixel differences on the CPU, all regions in one sweep over each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each, stack_masks

__all__ = ["pixel_sums"]

Image: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]
Masks: TypeAlias = npt.NDArray[np.bool_]  # [R, H, W]
Integers: TypeAlias = npt.NDArray[np.int64]


def pixel_sums(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Squared differences, absolute differences and pixels of each region.

    Args:
        reference: uint8 [N, 3, H, W] on the CPU.
        picture: uint8 [N, 3, H, W].
        regions: bool [N, 1, H, W] each, R of them.

    Returns:
        int64 [3, N, R].
    """
    x, y, masks = as_array(reference), as_array(picture), stack_masks(regions)
    sums = np.zeros((len(x), masks.shape[1], 3), np.int64)
    for_each(lambda image: _image_sums(x[image], y[image], masks[image], sums[image]), range(len(x)))
    return torch.from_numpy(sums.transpose(2, 0, 1))


@compiled
def _image_sums(x: Image, y: Image, masks: Masks, sums: Integers) -> None:
    """Fill `sums` [R, 3] with the squared differences, the absolute differences and the pixels of each mask."""
    width = x.shape[2]
    squared, absolute = np.empty(width, np.int32), np.empty(width, np.int32)
    for row in range(x.shape[1]):
        squared[:], absolute[:] = 0, 0
        for channel in range(3):
            _add_differences(x[channel, row], y[channel, row], squared, absolute)
        for region in range(len(masks)):
            _add_masked(squared, absolute, masks[region, row], sums[region])


@compiled
def _add_differences(
    x: npt.NDArray[np.uint8], y: npt.NDArray[np.uint8], squared: npt.NDArray[np.int32], absolute: npt.NDArray[np.int32]
) -> None:
    for i in range(len(x)):
        difference = np.int32(x[i]) - np.int32(y[i])
        squared[i] += difference * difference
        absolute[i] += abs(difference)


@compiled
def _add_masked(
    squared: npt.NDArray[np.int32], absolute: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_], sums: Integers
) -> None:
    square_sum, absolute_sum, pixels = 0, 0, 0
    for i in range(len(mask)):
        square_sum += squared[i] * mask[i]
        absolute_sum += absolute[i] * mask[i]
        pixels += mask[i]
    sums[0] += square_sum
    sums[1] += absolute_sum
    sums[2] += pixels
