"""Regions that depend on the truth alone: the band around boundaries between true labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.cache.memory import digest
from bench.metrics.cache.truth_parts import compute_once
from bench.metrics.conversion import convert_labels
from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.metrics.conversion import ArrayInput

__all__ = ["band_of", "boundary_band", "ends"]

Mask: TypeAlias = npt.NDArray[np.bool_]


def boundary_band(labels: ArrayInput, width: int, ignore_index: int = VOID) -> torch.Tensor:
    """Pixels within `width` pixels of a boundary between two different labels.

    A pixel touches a boundary when one of its four neighbours has another label; where either of the two is
    `ignore_index` there is no boundary. A pixel is in the band when its Euclidean distance to the nearest touching
    pixel is below `width`, so a straight boundary has `width` pixels of band on each side. The same for every hole:
    it is computed once for a label map, and cached in memory and on disk.

    Args:
        labels: integer [N, H, W] or [H, W] class indices: a tensor, an array or pictures of Pillow.
        width: pixels, at least 1 (see `boundary_width`).
        ignore_index: label of pixels without a class.

    Returns:
        bool [N, 1, H, W] on the labels' device; [1, H, W] for a single map.

    Raises:
        DataError: the labels are not what they must be.
    """
    given, single = convert_labels("label maps", labels)
    maps = np.ascontiguousarray(given.cpu().numpy())
    bands = np.empty((len(maps), 1, *maps.shape[1:]), bool)
    for one, band in zip(maps, bands, strict=True):
        band[0] = compute_once(band_of, np.asarray, one, digest(one), width, ignore_index)
    found = torch.from_numpy(bands).to(given.device)
    return found[0] if single else found


def band_of(labels: npt.NDArray[np.integer], width: int, ignore_index: int) -> Mask:
    """`boundary_band` of one label map [H, W], bool [H, W], found anew."""
    return _dilate_disk(_touching(labels, ignore_index), width)


def _touching(labels: npt.NDArray[np.integer], ignore_index: int) -> Mask:
    """Pixels of [H, W] with a 4-neighbour of another label."""
    touching = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        before, after = ends(labels, 1, axis)
        differ = (before != after) & (before != ignore_index) & (after != ignore_index)
        for end in ends(touching, 1, axis):
            np.logical_or(end, differ, out=end)
    return touching


def _dilate_disk(mask: Mask, radius: int) -> Mask:
    """Pixels whose squared distance to a True pixel of `mask` [H, W] is below `radius` squared.

    A disk is a stack of rows: the farther a row from the centre, the shorter. Rows are added from the farthest (and
    shortest) to the centre, so each horizontal dilation grows out of the one before.
    """
    result = np.zeros_like(mask)
    row, reach = mask, 0
    for offset in range(radius - 1, -1, -1):
        while reach < math.isqrt(radius * radius - 1 - offset * offset):
            row, reach = _dilate(row, row, 1, axis=1), reach + 1
        result = _dilate(result, row, offset, axis=0)
    return result


def _dilate(target: Mask, source: Mask, shift: int, axis: int) -> Mask:
    """`target` or `source` moved by `shift` to either side along `axis`; nothing comes in from outside the picture."""
    result = target.copy()
    for end, other in zip(ends(result, shift, axis), reversed(ends(source, shift, axis)), strict=True):
        np.logical_or(end, other, out=end)
    return result


def ends(array: npt.NDArray[Any], shift: int, axis: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Views of all but the last and all but the first `shift` positions along `axis`."""
    size = max(array.shape[axis] - shift, 0)
    before, after = [slice(None)] * array.ndim, [slice(None)] * array.ndim
    before[axis], after[axis] = slice(0, size), slice(array.shape[axis] - size, None)
    return array[tuple(before)], array[tuple(after)]
