from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage

import bench.data
from bench.metrics import LabelComparison
from bench.metrics.kept import KEPT

Benchmark = Callable[..., Any]
Maps = tuple[torch.Tensor, torch.Tensor]
Mask = np.ndarray

COUNT, SIZE, CLASSES = 4, (256, 512), 11
BAND, TOLERANCE, TRIMAP = 3, 5, 5  # pixels: 0.5 %, 0.8 % and 1 % of the diagonal


def ours(reference: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Boundary IoU, boundary F, trimap IoU, HD95 and ASSD: float64 [5, N, C]; nothing known of the truth before."""
    KEPT.clear()
    maps = LabelComparison(reference, predicted, CLASSES)
    return torch.stack(
        [maps.boundary_iou(BAND), maps.boundary_f(TOLERANCE), maps.trimap_iou(TRIMAP), maps.hd95(), maps.assd()]
    )


def peer(reference: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """The same from OpenCV and SciPy, class by class, as the reference implementations do it."""
    pairs = zip(reference.numpy(), predicted.numpy(), strict=True)
    return torch.tensor([_image(*pair) for pair in pairs], dtype=torch.float64).permute(2, 0, 1)


def _image(reference: Mask, predicted: Mask) -> list[tuple[float, ...]]:
    near = _trimap(reference)
    scores: list[tuple[float, ...]] = []
    for index in range(CLASSES):
        truth, answer = reference == index, predicted == index
        overlaps = _iou(_band(truth), _band(answer)), _f(truth, answer), _iou(truth & near, answer & near)
        scores.append((*overlaps, *_distances(truth, answer)))
    return scores


def _iou(truth: Mask, answer: Mask) -> float:
    union = np.count_nonzero(truth | answer)
    return np.count_nonzero(truth & answer) / union if union else np.nan


def _band(mask: Mask) -> Mask:
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=BAND)[1:-1, 1:-1]
    return np.asarray(mask & ~eroded.astype(bool))


def _f(truth: Mask, answer: Mask) -> float:
    y, x = np.mgrid[-TOLERANCE : TOLERANCE + 1, -TOLERANCE : TOLERANCE + 1]
    disk = (x * x + y * y <= TOLERANCE**2).astype(np.uint8)
    lines = [_crossings(mask) for mask in (truth, answer)]
    points = [np.count_nonzero(line) for line in lines]
    if not any(points):
        return np.nan
    if not all(points):
        return 0.0
    near = [cv2.dilate(line.astype(np.uint8), disk).astype(bool) for line in lines]
    recall, precision = (np.count_nonzero(lines[i] & near[1 - i]) / points[i] for i in (0, 1))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _crossings(mask: Mask) -> Mask:
    found = np.zeros_like(mask)
    found[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    found[:-1] |= mask[:-1] != mask[1:]
    found[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return found


def _trimap(labels: Mask) -> Mask:
    touching = np.zeros(labels.shape, bool)
    touching[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    touching[:, 1:] |= labels[:, :-1] != labels[:, 1:]
    touching[:-1] |= labels[:-1] != labels[1:]
    touching[1:] |= labels[:-1] != labels[1:]
    return np.asarray(ndimage.distance_transform_edt(~touching) < TRIMAP)


def _distances(truth: Mask, answer: Mask) -> tuple[float, float]:
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, answer)]
    if not any(edge.any() for edge in edges):
        return np.nan, np.nan
    if not all(edge.any() for edge in edges):
        return np.inf, np.inf
    away = [np.asarray(ndimage.distance_transform_edt(~edge)) for edge in edges]
    directed = [away[1][edges[0]], away[0][edges[1]]]
    return max(float(np.percentile(d, 95)) for d in directed), float(np.mean([d.mean() for d in directed]))


@pytest.fixture(scope="module")
def maps() -> Maps:
    """Street scenes, and the same a few pixels off with a wrong block and scattered errors."""
    dataset = bench.data.load("streets", split="test", size=SIZE, limit=COUNT)
    assert len(dataset.classes) == CLASSES
    reference = np.stack([sample.labels for sample in dataset if sample.labels is not None])
    random = np.random.default_rng(0)
    predicted = np.roll(reference, (2, 3), (1, 2))
    predicted[:, 100:140, 200:280] = 4
    wrong = random.random(reference.shape) < 0.01
    predicted[wrong] = random.integers(0, CLASSES, int(wrong.sum()))
    return torch.from_numpy(reference), torch.from_numpy(predicted)


@pytest.mark.benchmark(group="label-boundaries-256x512 (4 images, 11 classes, five scores)")
@pytest.mark.parametrize("function", [ours, peer])
def test_all_scores_of_label_boundaries(benchmark: Benchmark, maps: Maps, function: Benchmark) -> None:
    assert benchmark(function, *maps).shape == (5, COUNT, CLASSES)


@pytest.mark.benchmark(group="label-boundaries-256x512 ratio (one round runs ours and the peer in turn)")
def test_label_boundaries_are_several_times_faster_and_equal(benchmark: Any, maps: Maps) -> None:
    seconds: dict[Benchmark, list[float]] = {ours: [], peer: []}
    values: dict[Benchmark, torch.Tensor] = {}

    def one_round() -> None:
        for function, spent in seconds.items():
            start = time.perf_counter()
            values[function] = function(*maps)
            spent.append(time.perf_counter() - start)

    one_round()  # compiles and warms up
    for spent in seconds.values():
        spent.clear()
    benchmark.pedantic(one_round, rounds=7)

    torch.testing.assert_close(values[ours], values[peer], rtol=0, atol=1e-6, equal_nan=True)
    faster = statistics.median(theirs / mine for mine, theirs in zip(seconds[ours], seconds[peer], strict=True))
    milliseconds = 1000 * min(seconds[ours]) / COUNT
    benchmark.extra_info.update(times_faster=round(faster, 1), milliseconds_an_image=round(milliseconds, 1))
    assert faster >= 6, f"{faster:.1f} times as fast as OpenCV and SciPy"
    assert milliseconds < 25, f"{milliseconds:.1f} ms an image"
