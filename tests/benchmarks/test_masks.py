"""Time to cut one hole of 256x256, by protocol."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import bench.masks

NAMES = [entry.name for entry in bench.masks.PROTOCOLS if not entry.name.endswith(":")]
LABELS = np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((64, 64), np.uint8))  # 16 objects of 1/16 each


@pytest.mark.benchmark(group="hole-256")
@pytest.mark.parametrize("name", NAMES)
def test_a_hole(benchmark: BenchmarkFixture, name: str) -> None:
    labels = LABELS if bench.masks.get(name).needs_labels else None
    keys = count()

    def cut() -> np.ndarray:
        return bench.masks.draw(name, height=256, width=256, key=f"{next(keys)}", labels=labels)

    cut()  # compiles, or loads what was compiled
    hole = benchmark(cut)

    assert 0 < hole.mean() < 1
