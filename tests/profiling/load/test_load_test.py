from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.profiling.load
from bench.cli import app
from bench.errors import UnknownName, UsageError
from bench.profiling import Sweep
from bench.profiling.load import LoadPlan, load_test
from bench.records.load import LoadLayout, LoadRecord, read_load
from tests.profiling.load.services import HERE

SMALL = Sweep(((32, 32),), (1,))


@pytest.fixture(autouse=True)
def fast_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of models start from one that has imported torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.profiling.load.measure", "tests.profiling.load.services"])
    monkeypatch.setattr("bench.profiling.processes.multiprocessing.get_context", lambda _: context)


def test_every_scenario_of_every_model_has_a_record(tmp_path: Path) -> None:
    heard: list[LoadRecord] = []
    models = ["failing", "nosuch", "dying", "unfinite"]

    found = load_test(
        models, tmp_path, LoadPlan(("single-stream", "offline"), seconds=0.0), SMALL,
        threads=1, device="cpu", load=HERE, on_record=heard.append,
    )  # fmt: skip

    assert list(found.records) == heard
    assert read_load(tmp_path).records == found.records
    assert "KeyError: 'nosuch'" in found.environment["not_loaded"]["nosuch"]
    told = [(record.model, record.scenario, record.status, record.reason) for record in found.records]
    assert told[:3] == [
        ("failing", "single-stream", "ok", ""),
        ("failing", "offline", "failed", "ValueError: the weights are gone"),
        ("dying", "single-stream", "ok", ""),
    ]
    assert told[3] == ("dying", "offline", "failed", "its process ended with exit code 9")
    assert [status for _, _, status, _ in told[4:]] == ["failed", "failed"]
    assert "NaN or infinite" in told[4][3]
    first = found.records[0]
    assert len(first.trials[0].latency_us) == 64
    assert first.call_s
    assert first.references
    assert first.environment["contention"]


def test_the_server_scenario_on_the_clock_of_the_machine(tmp_path: Path) -> None:
    plan = partial(LoadPlan, ("server",), queries=459, seconds=0.0)

    load_test(["quick"], tmp_path, plan(0.1, 500.0), SMALL, threads=1, device="cpu", load=HERE)
    shown = load_test(["slow"], tmp_path, plan(0.001), SMALL, threads=1, device="cpu", load=HERE)

    quick, slow = shown.of("quick", "f" * 64)[0], shown.records[-1]
    first, last = quick.trials[0], quick.trials[-1]
    assert (quick.status, quick.reason) == ("ok", "")
    assert (first.purpose, first.rate, first.queries) == ("confirm", 500, 1000)
    # A busy machine holds less, and the record says so.
    assert quick.verdict.endswith(f"highest rate held: {last.rate:.4g}/s") or "no rate is held" in quick.verdict
    assert last.ended == "stopped" or len(last.latency_us) == last.queries
    assert (slow.status, slow.trials) == ("ok", ())
    assert slow.reason.startswith("no rate is held: one call takes 2")
    assert slow.reason.endswith("ms, and the budget is 1 ms")


def interrupt(out: Path) -> None:
    """Press Ctrl-C once a trial is on disk."""
    file = LoadLayout(out).records_file("slow", "f" * 64)
    while not (file.exists() and '"purpose"' in file.read_text()):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.profiling.load, "load_test", partial(load_test, load=HERE))
    monkeypatch.setattr("bench.cli.profile._check_names", lambda _: None)
    threading.Thread(target=interrupt, args=(tmp_path,), daemon=True).start()
    options = ("--load", "offline,server", "--budget-p99", "9s", "--models", "slow,quick", "--resolutions", "32")

    result = CliRunner().invoke(
        app, ["profile", *options, "--load-seconds", "0.1", "--device", "cpu", "-o", str(tmp_path)]
    )

    assert result.exit_code == 130, result.output
    assert "what was measured is kept" in result.stderr
    found = read_load(tmp_path)
    assert found.environment["status"] == "interrupted"
    offline, server = found.records
    assert (offline.status, len(offline.trials[0].latency_us)) == ("ok", 64)
    assert server.status in ("partial", "not-run")
    assert server.reason == "stopped by the user"
    assert found.environment["not_loaded"] == {"quick": "stopped by the user"}
    assert (tmp_path / "tables" / "load.md").read_text() == result.stdout


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (("--load", "sever", "--budget-p99", "5ms"), UnknownName, "server"),
        (("--load", "server"), UsageError, "budget"),
        (("--load", "offline", "--budget-p99", "5ms"), UsageError, "budget"),
        (("--load", "server", "--budget-p99", "50"), UsageError, "unit"),
        (("--load", "server", "--budget-p99", "-5ms"), UsageError, "-5ms"),
        (("--load", "server", "--budget-p99", "0s"), UsageError, "0s"),
        (("--load", "server", "--budget-p99", "5ms", "--load-rate", "0/s"), UsageError, "0/s"),
        (("--load", "server", "--budget-p99", "5ms", "--load-rate", "20"), UsageError, "20"),
        (("--load", "server", "--budget-p99", "5ms", "--load-queries", "100"), UsageError, "459"),
        (("--load", "server", "--budget-p99", "5ms", "--load-seconds", "nan"), UsageError, "nan"),
        (("--load", "offline", "--against", "HEAD"), UsageError, "--against"),
        (("--load", "server", "--budget-p99", "5ms", "--budget", "0"), UsageError, "budget"),
        (("--load", "server", "--budget-p99", "5ms", "--device", "cuda:99"), UsageError, "cuda:99"),
        (("--load", "server", "--budget-p99", "5ms", "--device", "cpu,cuda"), UsageError, "cpu,cuda"),
        (("--load", ","), UsageError, "scenario"),
        (("--budget-p99", "5ms"), UsageError, "--load"),
        (("--load-rate", "5/s"), UsageError, "--load"),
        (("--load-seconds", "5"), UsageError, "--load"),
        (("--load", "offline", "--samples", "5"), UsageError, "--samples"),
        (("--load", "offline", "--retries", "1"), UsageError, "--retries"),
    ],
)
def test_bad_options_are_refused_before_anything_is_measured(
    options: tuple[str, ...], error: type[UsageError], message: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["profile", *options, "-o", str(tmp_path / "out")])

    assert isinstance(result.exception, error), result.output
    assert result.exception.exit_code == 2
    assert message in str(result.exception)
    assert not (tmp_path / "out" / "load").exists()


def test_records_of_another_format_are_refused_before_they_are_overwritten(tmp_path: Path) -> None:
    layout = LoadLayout(tmp_path)
    layout.environment_file.parent.mkdir()
    layout.environment_file.write_text(json.dumps({"format": 99}))

    with pytest.raises(UsageError, match="format 99"):
        load_test(["quick"], tmp_path, LoadPlan(("offline",)), SMALL, device="cpu", load=HERE)
