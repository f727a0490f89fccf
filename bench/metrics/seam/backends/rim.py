"""The rim of a hole on the CPU: pixels that border known ones, and the ring of pixels near those."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.errors import DataError
from bench.metrics.arguments import check_pair, check_region
from bench.metrics.width import BoundaryWidth
from bench.runtime.numba import compiled
from bench.runtime.threads import as_array, for_each

__all__ = ["Image", "Mask", "borders_known", "inside_ring", "score_each"]

Image: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]
Mask: TypeAlias = npt.NDArray[np.bool_]  # [H, W]


def score_each(
    score: Callable[[Image, Image, Mask, int], float],
    reference: torch.Tensor,
    completed: torch.Tensor,
    hole: torch.Tensor | None,
    width: int | BoundaryWidth,
) -> torch.Tensor:
    """A score of each image of a batch, float64 [N] on the pictures' device; the work is the CPU's.

    Args:
        score: (truth, picture, hole, width in pixels) of one image to its value.
        reference: uint8 [N, 3, H, W].
        completed: uint8 [N, 3, H, W].
        hole: bool [N, 1, H, W].
        width: in pixels, or as a share of the diagonal.

    Raises:
        DataError: an argument is not what it must be.
    """
    check_pair(reference, completed)
    check_region("hole", hole, reference)
    pixels = width if isinstance(width, int) else width.pixels(*reference.shape[2:])
    if pixels < 1:
        raise DataError("width of the ring at the rim", "be at least 1 pixel", str(pixels), "Give 1 or more.")
    x, y, holes = (as_array(tensor.cpu()) for tensor in (reference, completed, hole) if tensor is not None)
    values = np.empty(len(x))

    def score_image(image: int) -> None:
        values[image] = score(x[image], y[image], holes[image, 0], pixels)

    for_each(score_image, range(len(x)))
    return torch.from_numpy(values).to(reference.device)


@compiled
def borders_known(hole: Mask, row: int, column: int) -> bool:
    """Whether a pixel of the hole has a known 4-neighbour; beyond the border of the picture nothing is known."""
    height, width = hole.shape
    return bool(
        (row > 0 and not hole[row - 1, column])
        or (row + 1 < height and not hole[row + 1, column])
        or (column > 0 and not hole[row, column - 1])
        or (column + 1 < width and not hole[row, column + 1])
    )


@compiled
def inside_ring(hole: Mask, width: int) -> Mask:
    """Pixels of the hole whose Euclidean distance to the nearest known pixel is at most `width`.

    The known pixel that is nearest to any pixel of the hole has a 4-neighbour in the hole: a step towards that pixel
    would be nearer. So disks around such known pixels hold the whole ring.
    """
    height, columns = hole.shape
    ring = np.zeros_like(hole)
    reach = np.empty(2 * width + 1, np.int64)
    for offset in range(-width, width + 1):
        reach[offset + width] = int(np.sqrt(width * width - offset * offset))
    for row in range(height):
        for column in range(columns):
            if hole[row, column]:
                continue
            near = (row > 0 and hole[row - 1, column]) or (row + 1 < height and hole[row + 1, column])
            near = near or (column > 0 and hole[row, column - 1])
            if not (near or (column + 1 < columns and hole[row, column + 1])):
                continue
            for v in range(max(0, row - width), min(height, row + width + 1)):
                half = reach[v - row + width]
                for u in range(max(0, column - half), min(columns, column + half + 1)):
                    if hole[v, u]:
                        ring[v, u] = True
    return ring
