"""Seam gradient: exact integer sums over pairs of neighbours near the rim."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.metrics.seam.backends.rim import Image, Mask, inside_ring, score_each
from bench.metrics.width import BoundaryWidth
from bench.runtime.numba import compiled
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["seam_gradient_of_view", "seam_gradients"]


def seam_gradient_of_view(view: BatchView, width: BoundaryWidth) -> dict[Region, torch.Tensor]:
    """Seam gradient of the completed pictures, float64 [N], in dB."""
    return {"hole": score_each(_decibels, view.reference, view.completed, view.hole, width)}


def seam_gradients(
    width: int | BoundaryWidth, reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor | None
) -> torch.Tensor:
    """See `bench.metrics.seam_gradient`."""
    return score_each(_decibels, reference, completed, hole, width)


def _decibels(reference: Image, completed: Image, hole: Mask, width: int) -> float:
    squared, pairs = _sums(reference, completed, hole, width)
    return 10 * math.log10(1 + int(squared) / (len(reference) * pairs)) if pairs else math.nan


@compiled
def _sums(reference: Image, completed: Image, hole: Mask, width: int) -> tuple[np.int64, int]:
    """Squared differences of the error over pairs with a pixel in the ring, over all channels; and those pairs."""
    height, columns = hole.shape
    ring = inside_ring(hole, width)
    squared, pairs = np.int64(0), 0
    for row in range(height):
        for column in range(columns):
            for down in range(2):
                v, u = row + down, column + 1 - down
                if v >= height or u >= columns or not (ring[row, column] or ring[v, u]):
                    continue
                pairs += 1
                for channel in range(len(reference)):
                    change = np.int64(0)
                    if hole[row, column]:
                        change += np.int64(completed[channel, row, column]) - np.int64(reference[channel, row, column])
                    if hole[v, u]:
                        change -= np.int64(completed[channel, v, u]) - np.int64(reference[channel, v, u])
                    squared += change * change
    return squared, pairs
