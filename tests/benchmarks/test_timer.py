"""Is a call measured to take what it takes, and is a slower model told from the same one on this very machine?"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.profiling import Rules, Schedule, Sweep, compare_versions
from bench.profiling.execution import Subject
from bench.profiling.measure import Meter
from bench.profiling.sweep import Effort
from bench.records.profile import Configuration
from tests.profiling.toys import HERE

TOY = """
import time
import bench
from bench.vocabulary import LabelSources, Prediction


class Toy:
    label_sources, fingerprint = LabelSources(), "f"

    def __init__(self, name):
        self.seconds = 0.0055 if name == "slowed" and "spgbench-base-" not in bench.__file__ else 0.005

    def inpaint(self, batch):
        time.sleep(self.seconds)
        return Prediction(batch.image)


def load(name, device):
    return Toy(name)
"""


@pytest.mark.benchmark(group="sleeping 5 ms", min_rounds=50)
def test_a_bare_sleep(benchmark: BenchmarkFixture) -> None:
    benchmark(time.sleep, 0.005)


@pytest.mark.benchmark(group="sleeping 5 ms")
def test_a_model_that_sleeps_5_ms_is_measured_at_5_ms(benchmark: BenchmarkFixture) -> None:
    meter = Meter(Subject("sleepy", "cpu", HERE), Effort(samples=200, seconds=30), lambda: False)

    record = benchmark.pedantic(meter.measure, args=(Configuration(32, 32),), rounds=1)  # type: ignore[no-untyped-call]  # the library ships no types

    bare = []
    for _ in range(200):
        start = time.perf_counter()
        time.sleep(0.005)
        bare.append(time.perf_counter() - start)
    benchmark.extra_info["median_ms"] = 1e3 * record.latency()
    assert min(record.wall_s) >= 0.005
    assert min(record.wall_s) == pytest.approx(0.005, rel=0.02)  # the least: other work on the machine wakes it late
    assert min(record.wall_s) == pytest.approx(min(bare), rel=0.02)


@pytest.mark.benchmark(group="gate, sleeping models")
@pytest.mark.parametrize(("name", "verdict"), [("slowed", "slower"), ("same", "same")])
def test_ten_percent_on_this_machine(
    benchmark: BenchmarkFixture, name: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_that_sleeps.py").write_text(TOY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    rules = Rules(drift=10.0)  # the sleeping models do not need the processor whose reference kernels drift

    found = benchmark.pedantic(  # type: ignore[no-untyped-call]  # the library ships no types
        lambda: compare_versions(
            "HEAD", [name], Sweep(((32, 32),)), rules, Schedule(), device="cpu", load="toy_that_sleeps:load"
        ),
        rounds=1,
    )

    if found.results[0].verdict == "INVALID":
        pytest.skip(f"this machine is too noisy now: {found.results[0].text}")
    assert found.results[0].verdict == verdict, found.as_text()
