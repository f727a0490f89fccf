"""Profiles and load tests that a worker of an engine measures, and what may go wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.errors import Failure, UsageError
from bench.profiling import Effort, Sweep, measure_on, profile
from bench.profiling.load import LoadPlan, load_test
from bench.profiling.on_engine import MeasurementTask
from bench.records.profile import Profile, read_profile
from bench.runtime.executors.executor import Executor
from bench.runtime.executors.ray_executor import RayExecutor
from tests.profiling.toys import HERE
from tests.support.direct_engine import Alone, DirectEngine
from tests.support.ray import local_ray

QUICK = Effort(samples=3, seconds=1e9, warmup_seconds=0.0, threads=1)
SWEEP = Sweep(((32, 32),), (1,))


def profile_on(engine: Executor, out: Path, *models: str) -> tuple[Profile, list[Any], int]:
    """The profile, the records that were told, and how many were announced meanwhile."""
    told: list[Any] = []
    announced: list[int] = []
    measure = partial(profile, models, out, SWEEP, QUICK, load=HERE)
    found = measure_on(engine, "profile", measure, told.append, announced.append)
    return found, told, sum(announced)


def test_a_worker_of_ray_measures_a_profile_whole(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with local_ray(cpus=1):
        found, told, announced = profile_on(RayExecutor(1, tmp_path, cpus=1), tmp_path, "plain")

    assert found == read_profile(tmp_path)
    assert [record.status for record in found.records] == ["ok"]
    assert (tuple(told), announced) == (found.records, 1)


def test_only_new_records_of_a_load_test_are_told(tmp_path: Path) -> None:
    plan = LoadPlan(("offline",), None, None, 16, 0.01, 0)
    told: list[Any] = []

    for batch_size in (1, 2):
        sweep = Sweep(((32, 32),), (batch_size,))
        measure = partial(load_test, ("plain",), tmp_path, plan, sweep, threads=1, load=HERE)
        found = measure_on(DirectEngine(), "load test", measure, told.append, lambda _: None)

    assert [record.configuration.batch_size for record in told] == [1, 2]
    assert found.records == tuple(told)


def test_a_worker_with_another_torch_is_refused(tmp_path: Path) -> None:
    task = MeasurementTask(partial(profile, ("plain",), tmp_path))
    other = replace(task, parts={**task.parts, "version of torch": "1.0"})

    assert other.fingerprint != task.fingerprint
    with pytest.raises(UsageError, match="a worker must have what the command has; found another version of torch"):
        other.start(Alone())


def test_a_worker_that_dies_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="profile must be done by a worker; found a worker that died twice: SIGSEGV at"):
        profile_on(DirectEngine(lost=[0]), tmp_path, "plain")


SCRIPT = """
from bench.profiling import Effort, Sweep, profile

if __name__ == "__main__":
    profile(("counted",), {out!r}, Sweep(((32, 32),)), Effort(10**6, 1e9, 0.0, threads=1), device="cpu", load={load!r})
"""


def test_the_measuring_process_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    calls, script = tmp_path / "calls", tmp_path / "script.py"
    script.write_text(SCRIPT.format(out=str(tmp_path / "out"), load=HERE))
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TOY_CALLS": str(calls)}
    with subprocess.Popen([sys.executable, script], env=variables) as process:
        while process.poll() is None and not (calls.exists() and calls.stat().st_size):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)

    counts = [calls.stat().st_size]
    while len(counts) < 20 and counts[-1] not in counts[:-1]:
        time.sleep(1.0)  # a call takes 5 ms
        counts.append(calls.stat().st_size)
    assert counts[-1] == counts[-2]
