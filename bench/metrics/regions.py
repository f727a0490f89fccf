"""Regions that depend on the truth alone: the band around boundaries between true labels."""

from __future__ import annotations

import math

import torch

from bench.vocabulary import VOID

__all__ = ["boundary_band"]


def boundary_band(labels: torch.Tensor, width: int) -> torch.Tensor:
    """Pixels within `width` pixels of a boundary between two different labels.

    A pixel touches a boundary when one of its four neighbours has another label; where either of the two is VOID there
    is no boundary. A pixel is in the band when its Euclidean distance to the nearest touching pixel is below `width`,
    so a straight boundary has `width` pixels of band on each side. The same for every hole: it can be kept per picture.

    Args:
        labels: uint8 [N, H, W] class indices, VOID = 255.
        width: pixels, at least 1 (see `boundary_width`).

    Returns:
        bool [N, 1, H, W].
    """
    return _dilate_disk(_touching(labels), width).unsqueeze(1)


def _touching(labels: torch.Tensor) -> torch.Tensor:
    """Bool [N, H, W]: pixels with a 4-neighbour of another label."""
    touching = torch.zeros_like(labels, dtype=torch.bool)
    for axis in (1, 2):
        size = max(labels.shape[axis] - 1, 0)
        before, after = labels.narrow(axis, 0, size), labels.narrow(axis, labels.shape[axis] - size, size)
        differ = (before != after) & (before != VOID) & (after != VOID)
        touching.narrow(axis, 0, size).logical_or_(differ)
        touching.narrow(axis, labels.shape[axis] - size, size).logical_or_(differ)
    return touching


def _dilate_disk(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Pixels whose squared distance to a True pixel of `mask` [N, H, W] is below `radius` squared.

    A disk is a stack of rows: the farther a row from the centre, the shorter. Rows are added from the farthest (and
    shortest) to the centre, so each horizontal dilation grows out of the one before.
    """
    result = torch.zeros_like(mask)
    row, reach = mask, 0
    for offset in range(radius - 1, -1, -1):
        while reach < math.isqrt(radius * radius - 1 - offset * offset):
            row, reach = _dilate_row(row), reach + 1
        for shift in {offset, -offset}:
            _or_shifted(result, row, shift, axis=1)
    return result


def _dilate_row(mask: torch.Tensor) -> torch.Tensor:
    grown = mask.clone()
    _or_shifted(grown, mask, 1, axis=2)
    _or_shifted(grown, mask, -1, axis=2)
    return grown


def _or_shifted(target: torch.Tensor, source: torch.Tensor, shift: int, axis: int) -> None:
    """`target[i + shift] |= source[i]` along `axis`, inside the picture."""
    size = target.shape[axis] - abs(shift)
    if size > 0:
        target.narrow(axis, max(shift, 0), size).logical_or_(source.narrow(axis, max(-shift, 0), size))
