"""What a process of its own costs a model: batches of 8 pictures at 256x256, in turn with calls in this process."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

import bench.models
from tests.models.contract import make_batch
from tests.models.foreign_files import write_python

ROUNDS = 200


@pytest.mark.benchmark(group="process of its own, batch of 8 at 256x256")
@pytest.mark.parametrize("at_once", [1, 8])
def test_cost_of_isolation(benchmark: Any, at_once: int, tmp_path: Path) -> None:
    path = write_python(tmp_path / "model.py", "def fill(image, hole):\n    return image.masked_fill(hole, 0.5)\n")
    spec, batch = f"python:{path}:fill?batch={at_once}", make_batch(8, (256, 256))
    apart, here = (bench.models.load(spec, isolated=isolated) for isolated in (True, False))

    def seconds(model: Any) -> float:
        start = time.perf_counter()
        model.inpaint(batch)
        return time.perf_counter() - start

    for _ in range(10):
        seconds(apart), seconds(here)
    pairs = [(seconds(apart), seconds(here)) for _ in range(ROUNDS)]

    added = statistics.median(one - other for one, other in pairs) * 1e3
    benchmark.extra_info["milliseconds added"] = f"{added:.2f}"
    benchmark.extra_info["milliseconds in one process"] = f"{statistics.median(other for _, other in pairs) * 1e3:.2f}"
    print(f"{added:.2f} ms added to a batch of 8, {at_once} at once")  # noqa: T201
    benchmark.pedantic(apart.inpaint, (batch,), rounds=20)
