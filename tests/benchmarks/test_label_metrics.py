from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import bench.data
from bench.metrics import LabelComparison
from bench.metrics.cache.memory import TRUTH_MEMORY
from tests.benchmarks.label_peer import label_scores

Benchmark = Callable[..., Any]
Maps = tuple[torch.Tensor, torch.Tensor]

COUNT, SIZE, CLASSES = 4, (256, 512), 11
BAND, TOLERANCE, TRIMAP = 3, 5, 5  # pixels: 0.5 %, 0.8 % and 1 % of the diagonal


def ours(reference: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Boundary IoU, boundary F, trimap IoU, HD95 and ASSD: float64 [5, N, C]; nothing known of the truth before."""
    TRUTH_MEMORY.clear()
    maps = LabelComparison(reference, predicted, CLASSES)
    return torch.stack(
        [maps.boundary_iou(BAND), maps.boundary_f(TOLERANCE), maps.trimap_iou(TRIMAP), maps.hd95(), maps.assd()]
    )


def peer(reference: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """The same from OpenCV and SciPy, class by class, as the reference implementations do it."""
    pairs = zip(reference.numpy(), predicted.numpy(), strict=True)
    scores = [label_scores(*pair, CLASSES, (BAND, TOLERANCE, TRIMAP)) for pair in pairs]
    return torch.tensor(scores, dtype=torch.float64).permute(2, 0, 1)


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
