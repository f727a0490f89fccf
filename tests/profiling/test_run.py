from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import UnknownName, UsageError
from bench.profiling import Effort, Sweep, profile
from bench.records.profile import (
    Configuration,
    ProfileLayout,
    ProfileRecord,
    read_profile,
    write_environment,
    write_records,
)
from bench.reporting.profile import profile_table, report_profile
from tests.profiling.toys import HERE

QUICK = Effort(samples=3, seconds=1e9, warmup_seconds=0.0, threads=1)


@pytest.fixture
def fast_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of models start from one that has imported torch; they see the environment of the first test."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.profiling.measure", "tests.profiling.toys"])
    monkeypatch.setattr("bench.profiling.processes.multiprocessing.get_context", lambda _: context)


@pytest.mark.usefixtures("fast_processes")
def test_every_model_has_a_process_and_one_that_dies_takes_only_a_configuration_along(tmp_path: Path) -> None:
    heard: list[ProfileRecord] = []
    three, two = (Sweep(((32, 32),), sizes) for sizes in ((1, 2, 3), (1, 2)))
    sweeps = {"deadly": three, "nosuch": three, "plain": two}

    found = profile(tuple(sweeps), tmp_path, sweeps, QUICK, device="cpu", load=HERE, on_record=heard.append)

    assert found.models == (("deadly", "f" * 64), ("plain", "f" * 64))
    assert [record.status for record in found.of("deadly", "f" * 64)] == ["ok", "failed", "ok"]
    assert "SIGKILL (as a rule for lack of memory)" in found.of("deadly", "f" * 64)[1].reason
    assert [record.status for record in found.of("plain", "f" * 64)] == ["ok"] * 2
    assert "KeyError: 'nosuch'" in found.environment["not_loaded"]["nosuch"]
    assert found.environment["status"] == "whole"
    assert list(found.records) == heard
    assert read_profile(tmp_path) == found
    files = report_profile(found)
    assert "nosuch was not measured" in profile_table(found)
    assert all(file.stat().st_size for file in files)


def called(calls: Path) -> bool:
    """Whether the toy `counted` was called more than 50 times."""
    return calls.exists() and calls.stat().st_size > 50


def test_a_budget_that_runs_out_marks_what_was_not_reached_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, calls = ProfileLayout(tmp_path), tmp_path / "calls"
    older = ProfileRecord("counted", "f" * 64, "cpu", "CPU", Configuration(48, 48), "ok", wall_s=(1.0,))
    write_records(layout.records_file("counted", "f" * 64), [older])
    write_environment(layout, {"models": [{"name": "counted", "fingerprint": "f" * 64}]})
    monkeypatch.setenv("TOY_CALLS", str(calls))
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (1e6 if called(calls) else 0))
    monkeypatch.setattr("bench.profiling.run.time", clock)
    monkeypatch.setattr("bench.profiling.processes.GRACE", 1e9)
    effort = Effort(samples=10**9, seconds=1e9, warmup_seconds=0.0, budget=1e5)

    found = profile(
        ["counted", "plain"], tmp_path, Sweep(((32, 32), (48, 48), (64, 64))), effort, device="cpu", load=HERE
    )

    reason = "the budget of 100000 s ran out"
    assert found.environment["status"] == "budget"
    assert found.environment["not_loaded"] == {"plain": reason}
    records = {record.configuration.height: record for record in found.records}
    assert [(height, record.status, record.reason) for height, record in sorted(records.items())] == [
        (32, "partial", reason),
        (48, "ok", ""),
        (64, "not-run", reason),
    ]
    assert records[48] == older
    assert len(records[32].wall_s) >= 45


@pytest.mark.usefixtures("fast_processes")
def test_what_is_invalid_is_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restless = property(lambda record: "moved" if record.configuration.batch_size == 2 else "")
    monkeypatch.setattr(ProfileRecord, "invalid", restless)
    heard: list[ProfileRecord] = []
    effort = replace(QUICK, retries=2)

    found = profile(
        ["plain", "sleepy"],
        tmp_path,
        Sweep(((32, 32),), (1, 2)),
        effort,
        device="cpu",
        load=HERE,
        on_record=heard.append,
    )

    told = [(record.model, record.configuration.batch_size) for record in heard]
    assert told == [(name, size) for name in ("plain", "sleepy") for size in (1, 2)] + 2 * [("plain", 2), ("sleepy", 2)]
    assert found.of("plain", "f" * 64) == [heard[0], heard[6]]


SCRIPT = """
import bench.profiling.run
from bench.profiling import Effort, Sweep, profile

bench.profiling.processes.GRACE = 1e9

if __name__ == "__main__":
    effort = Effort(samples=10**9, seconds=1e9, warmup_seconds=0.0)
    profile(["counted", "plain"], {out!r}, Sweep(((32, 32), (48, 48))), effort, device="cpu", load={load!r})
"""


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    out, script = tmp_path / "out", tmp_path / "script.py"
    script.write_text(SCRIPT.format(out=str(out), load=HERE))
    calls = tmp_path / "calls"
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TOY_CALLS": str(calls)}
    with subprocess.Popen([sys.executable, script], env=variables, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not called(calls):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert (process.returncode, errors) == (0, "")
    found = read_profile(out)
    assert found.environment["status"] == "interrupted"
    assert [record.status for record in found.records] == ["partial", "not-run"]
    assert [record.reason for record in found.records] == ["stopped by the user"] * 2
    assert len(found.records[0].wall_s) >= 45
    assert found.environment["not_loaded"] == {"plain": "stopped by the user"}


def test_a_sweep_goes_from_small_to_large_and_from_plain_to_special() -> None:
    sweep = Sweep(((64, 64), (16, 32), (64, 64)), (2, 1), ("bf16", "fp32"), ("contiguous",), ("compile", "eager"))

    configurations = sweep.configurations()

    assert len(set(configurations)) == len(configurations) == 16
    assert [str(configuration) for configuration in configurations[:5]] == [
        "16x32 batch 1 fp32 eager",
        "16x32 batch 1 bf16 eager",
        "16x32 batch 1 fp32 compile",
        "16x32 batch 1 bf16 compile",
        "16x32 batch 2 fp32 eager",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"resolutions": ()}, {"batch_sizes": (0,)}, {"resolutions": ((0, 4),)}, {"modes": ()}, {"modes": ("egaer",)}],
)
def test_sweeps_of_nothing_are_refused(wrong: dict[str, tuple[object, ...]]) -> None:
    with pytest.raises((UsageError, UnknownName)):
        Sweep(**wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("wrong", [{"samples": 2}, {"seconds": 0.0}, {"budget": -1.0}, {"threads": 0}, {"retries": -1}])
def test_efforts_that_measure_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Effort(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_damaged_records_are_refused_before_they_are_overwritten(tmp_path: Path) -> None:
    layout = ProfileLayout(tmp_path)
    layout.environment_file.parent.mkdir()
    layout.environment_file.write_text(json.dumps({"format": 99}))

    with pytest.raises(UsageError, match="format 99"):
        profile(["plain"], tmp_path, Sweep(), QUICK, device="cpu", load=HERE)


@pytest.mark.usefixtures("fast_processes")
def test_an_error_while_a_record_arrives_ends_the_measuring_process(tmp_path: Path) -> None:
    def fail(_: ProfileRecord) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        profile(["plain"], tmp_path, Sweep(((32, 32), (48, 48))), QUICK, device="cpu", load=HERE, on_record=fail)

    assert multiprocessing.active_children() == []
