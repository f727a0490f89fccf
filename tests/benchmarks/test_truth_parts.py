"""What is stored of untouched pictures, read from disk beside what it takes to find it again: storing must pay."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import bench.data
import bench.segmentation
from bench.metrics import boundary_width
from bench.metrics.boundary import band_of
from bench.metrics.cache.tensor_folder import TensorFolder
from bench.metrics.segmentation.backends.contours import crossings, surfaces
from bench.metrics.segmentation.backends.overlap import inner_band
from bench.pictures import stack_pictures
from bench.vocabulary import VOID

SIZE = (256, 512)
PARTS = ("surfaces", "crossings", "inner-band", "band", "widest-band", "judge")


@pytest.fixture(scope="module")
def finders() -> dict[str, Callable[[], Any]]:
    """What finds each part in a street scene with 11 classes: arrays, tuples of them, or a tensor."""
    dataset = bench.data.load("streets", split="test", size=SIZE, limit=1)
    labels, count = dataset[0].labels, len(dataset.classes)
    assert labels is not None
    codes = labels.astype(np.int16)
    judge = bench.segmentation.load("streets", tuple(dataset.classes), "cpu")
    picture = stack_pictures([dataset[0].image])
    return {
        "surfaces": lambda: surfaces(codes, count),
        "crossings": lambda: crossings(codes, count),
        "inner-band": lambda: inner_band(codes, boundary_width(*SIZE, 0.005)),
        "band": lambda: band_of(labels, boundary_width(*SIZE), VOID),
        "widest-band": lambda: band_of(labels, boundary_width(*SIZE, 0.04), VOID),
        "judge": lambda: judge.segment(picture)[0],
    }


def milliseconds(function: Callable[[], object], rounds: int = 7) -> float:
    """The shortest of several: both sides may be disturbed."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


@pytest.mark.benchmark(group=f"parts of the truth read from the cache folder, one picture of {SIZE[0]}x{SIZE[1]}")
@pytest.mark.parametrize("name", PARTS)
def test_reading_a_part_beats_finding_it(
    benchmark: Any, finders: dict[str, Callable[[], Any]], name: str, tmp_path: Path
) -> None:
    found = finders[name]()
    parts = found if isinstance(found, tuple) else (found,)
    folder, key = TensorFolder(tmp_path, 1 << 30), 64 * "0"
    folder.write(key, tuple(torch.as_tensor(part) for part in parts))

    finding = milliseconds(finders[name])
    benchmark.pedantic(folder.read, [key], rounds=50)

    reading = 1000 * benchmark.stats.stats.min
    kilobytes = sum(path.stat().st_size for path in tmp_path.glob("*/*")) / 1000
    benchmark.extra_info.update(
        milliseconds_found=round(finding, 2), milliseconds_read=round(reading, 2), kilobytes=round(kilobytes)
    )
    assert reading * 2 < finding, f"{reading:.2f} ms to read, {finding:.2f} ms to find"
