"""What an engine adds to a shard: `pytest tests/benchmarks/test_executors.py`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bench.runtime.executors.local_executor import LocalExecutor
from tests.runtime.executors.tasks import Nothing

SHARDS = 2000


@pytest.mark.benchmark(group="engine, a shard without work")
def test_local(benchmark: Any, tmp_path: Path) -> None:
    seen: list[float] = []

    benchmark.pedantic(
        LocalExecutor(2).run,
        (Nothing(), range(SHARDS), lambda *_: seen.append(time.perf_counter())),
        rounds=1,
    )

    milliseconds = 1000 * (seen[-1] - seen[0]) / (SHARDS - 1)
    benchmark.extra_info["ms a shard"] = round(milliseconds, 3)
    assert milliseconds < 50
