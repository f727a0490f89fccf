"""The label metrics of one class in one image, computed plainly from SciPy: what ours are held to."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Mask: TypeAlias = npt.NDArray[np.bool_]
Labels: TypeAlias = npt.NDArray[np.integer]

SQUARE = np.ones((3, 3), bool)


def ratio(part: Mask, whole: Mask) -> float:
    return int(part.sum()) / int(whole.sum()) if whole.any() else math.nan


def iou(truth: Mask, answer: Mask, counted: Mask) -> float:
    return ratio(truth & answer & counted, (truth | answer) & counted)


def band(mask: Mask, ignored: Mask, width: int) -> Mask:
    """The mask minus its erosion; ignored pixels bound nothing, the image border does."""
    return mask & ~ndimage.binary_erosion(mask | ignored, SQUARE, iterations=width, border_value=0)


def boundary_iou(truth: Mask, answer: Mask, ignored: Mask, counted: Mask, width: int) -> float:
    return iou(band(truth, ignored, width), band(answer, ignored, width), counted)


def crossings(mask: Mask, ignored: Mask) -> Mask:
    """Pixels that differ from the neighbour in the east, south or south-east, as far as there is one."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    for down, right in ((0, 1), (1, 0), (1, 1)):
        here = np.s_[: height - down, : width - right]
        there = np.s_[down:, right:]
        found[here] |= (mask[here] != mask[there]) & ~ignored[here] & ~ignored[there]
    return found


def disk(radius: int) -> Mask:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(y * y + x * x <= radius * radius)


def boundary_f(truth: Mask, answer: Mask, ignored: Mask, counted: Mask, width: int) -> float:
    edges, found = crossings(truth, ignored), crossings(answer, ignored)
    near_edges, near_found = (ndimage.binary_dilation(lines, disk(width)) for lines in (edges, found))
    if not (edges & counted).any() and not (found & counted).any():
        return math.nan
    precision = ratio(found & near_edges & counted, found & counted) if (found & counted).any() else 1.0
    recall = ratio(edges & near_found & counted, edges & counted) if (edges & counted).any() else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def trimap(labels: Labels, ignored: Mask, width: int) -> Mask:
    """Pixels nearer than `width` to one with a 4-neighbour of another label."""
    touching = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        here, there = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        differ = (labels[here] != labels[there]) & ~ignored[here] & ~ignored[there]
        touching[here] |= differ
        touching[there] |= differ
    if not touching.any():
        return touching
    return np.asarray(ndimage.distance_transform_edt(~touching) < width)


def surface(mask: Mask, ignored: Mask) -> Mask:
    return mask & ~ndimage.binary_erosion(mask | ignored, border_value=0)


def directed(truth: Mask, answer: Mask, ignored: Mask, counted: Mask) -> list[npt.NDArray[np.float64]]:
    """Distances from each surface to the other, of those surfaces that have pixels which count."""
    both = surface(truth, ignored), surface(answer, ignored)
    distances = []
    for asking, other in (both, both[::-1]):
        away = ndimage.distance_transform_edt(~other) if other.any() else np.full(other.shape, math.inf)
        if (asking & counted).any():
            distances.append(np.asarray(away)[asking & counted])
    return distances


def hd95(truth: Mask, answer: Mask, ignored: Mask, counted: Mask) -> float:
    with np.errstate(invalid="ignore"):
        distances = directed(truth, answer, ignored, counted)
        return max((math.inf if np.isinf(d[0]) else float(np.percentile(d, 95)) for d in distances), default=math.nan)


def assd(truth: Mask, answer: Mask, ignored: Mask, counted: Mask) -> float:
    distances = directed(truth, answer, ignored, counted)
    return float(np.mean([d.mean() for d in distances])) if distances else math.nan
