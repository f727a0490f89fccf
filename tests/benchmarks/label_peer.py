"""Scores of label boundaries from OpenCV and SciPy, class by class, as the reference implementations take them."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

Mask = np.ndarray


def label_scores(
    reference: Mask, predicted: Mask, classes: int, widths: tuple[int, int, int], counted: Mask | None = None
) -> list[tuple[float, ...]]:
    """Boundary IoU, boundary F, trimap IoU, HD95 and ASSD of each class of two maps [H, W].

    `widths`: of the band, of the tolerance and of the trimap, in pixels. `counted`: bool [H, W], where to look.
    """
    band, tolerance, trimap = widths
    counted = np.ones(reference.shape, bool) if counted is None else counted
    near = _trimap(reference, trimap) & counted
    scores: list[tuple[float, ...]] = []
    for index in range(classes):
        truth, answer = reference == index, predicted == index
        overlap = _iou(_band(truth, band) & counted, _band(answer, band) & counted)
        boundaries = _f(truth, answer, tolerance, counted), _iou(truth & near, answer & near)
        scores.append((overlap, *boundaries, *_distances(truth, answer, counted)))
    return scores


def _iou(truth: Mask, answer: Mask) -> float:
    union = np.count_nonzero(truth | answer)
    return np.count_nonzero(truth & answer) / union if union else np.nan


def _band(mask: Mask, width: int) -> Mask:
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)[1:-1, 1:-1]
    return np.asarray(mask & ~eroded.astype(bool))


def _f(truth: Mask, answer: Mask, tolerance: int, counted: Mask) -> float:
    y, x = np.mgrid[-tolerance : tolerance + 1, -tolerance : tolerance + 1]
    disk = (x * x + y * y <= tolerance**2).astype(np.uint8)
    lines = [_crossings(mask) for mask in (truth, answer)]
    points = [np.count_nonzero(line & counted) for line in lines]
    if not any(points):
        return np.nan
    near = [cv2.dilate(line.astype(np.uint8), disk).astype(bool) for line in lines]
    found = [np.count_nonzero(lines[i] & counted & near[1 - i]) for i in (0, 1)]
    recall, precision = (found[i] / points[i] if points[i] else 1.0 for i in (0, 1))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _crossings(mask: Mask) -> Mask:
    found = np.zeros_like(mask)
    found[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    found[:-1] |= mask[:-1] != mask[1:]
    found[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return found


def _trimap(labels: Mask, width: int) -> Mask:
    touching = np.zeros(labels.shape, bool)
    touching[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    touching[:, 1:] |= labels[:, :-1] != labels[:, 1:]
    touching[:-1] |= labels[:-1] != labels[1:]
    touching[1:] |= labels[:-1] != labels[1:]
    return np.asarray(ndimage.distance_transform_edt(~touching) < width)


def _distances(truth: Mask, answer: Mask, counted: Mask) -> tuple[float, float]:
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, answer)]
    asking = [edge & counted for edge in edges]
    if not any(edge.any() for edge in asking):
        return np.nan, np.nan
    if not all(edge.any() for edge in edges):
        return np.inf, np.inf
    away = [np.asarray(ndimage.distance_transform_edt(~edge)) for edge in edges]
    directed = [away[1 - i][asking[i]] for i in (0, 1) if asking[i].any()]
    return max(float(np.percentile(d, 95)) for d in directed), float(np.mean([d.mean() for d in directed]))
