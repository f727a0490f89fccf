from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import UsageError
from bench.gating import LoadLimit
from bench.records import Run
from bench.records.load import LoadLayout, LoadRecord, LoadTrial, write_load_environment, write_load_records
from bench.records.profile import Configuration

MakeRun = Callable[..., Run]

HELD = LoadTrial("confirm", 30.0, 1, 700, 1, 4, (20_000,) * 690 + (45_000,) * 10, 700, 25.0)
LATE = dataclasses.replace(HELD, rate=40.0, latency_us=(90_000,) * 12, ended="late")
RECORD = LoadRecord(
    "net", "a" * 64, "cpu", "CPU", Configuration(256, 256, 4), "server", "ok", budget_s=0.05, trials=(LATE, HELD)
)


@pytest.fixture
def gate(make_run: MakeRun) -> Callable[..., Any]:
    """Gates two equal runs, the candidate with load records; returns the result of the command."""

    def call(records: list[LoadRecord], *options: str, models: dict[str, str] | None = None) -> Any:
        sides = [make_run(name, models=models or {"net": "a"}).layout.out for name in ("a", "b")]
        layout = LoadLayout(sides[1])
        models_ = list(dict.fromkeys((record.model, record.fingerprint) for record in records))
        if records:
            write_load_environment(layout, {"models": [{"name": n, "fingerprint": f} for n, f in models_]})
        for name, fingerprint in models_:
            own = [record for record in records if (record.model, record.fingerprint) == (name, fingerprint)]
            write_load_records(layout.records_file(name, fingerprint), own)
        arguments = ["gate", *map(str, sides), *options]
        return CliRunner().invoke(app, arguments, env={"GITHUB_ACTIONS": ""})

    return call


def test_a_load_that_is_held_passes_and_both_parts_are_reported(gate: Callable[..., Any], tmp_path: Path) -> None:
    files = tmp_path / "gate.md", tmp_path / "gate.xml"
    options = ("--markdown", str(files[0]), "--junit", str(files[1]))

    result = gate([RECORD], "--latency", "p99<=50ms@20/s", *options)

    assert result.exit_code == 0, result.output
    assert "PASS: 4 passed (quality PASS, load PASS)" in result.stdout
    assert "load held: p99 is at most 45 ms at 30/s with a confidence of 99 % (700 queries" in result.stdout
    assert "load held" in files[0].read_text()
    cases = {case.get("name") for case in ET.parse(files[1]).iter("testcase")}  # noqa: S314 (our own)
    assert {"net load", "net psnr.hole"} <= cases


@pytest.mark.parametrize(
    ("changes", "limit", "message"),
    [
        ({"trials": (HELD,)}, "p99<=50ms@31/s", "no trial confirms 31/s or more; highest rate held: 30/s"),
        ({}, "p99<=30ms@20/s", "p99 at 30/s is 45 ms, at most 45 ms"),
        ({}, "p99.9<=50ms@20/s", "700 queries at 30/s cannot bound a p99.9, which takes 4603"),
        ({"trials": (LATE,)}, "p99<=50ms@20/s", "12 of 12 queries were late at 40/s"),
        ({"trials": ()}, "p99<=50ms@20/s", "no trial confirms 20/s"),
        ({"trials": (dataclasses.replace(HELD, purpose="search"),)}, "p99<=50ms@20/s", "no trial confirms 20/s"),
        ({"references": {"sum": (1.0, 1.5)}}, "p99<=50ms@20/s", "INVALID: reference kernel sum moved"),
        ({"fingerprint": "b" * 64}, "p99<=50ms@20/s", "other weights or code"),
        ({"model": "other"}, "p99<=50ms@20/s", "no load record; measure with"),
        ({"scenario": "single-stream"}, "p99<=50ms@20/s", "no load record; measure with"),
        ({}, "p99<=50ms@20/s,512", "no load record of this size, device and setting, only of 256x256"),
        ({}, "p99<=50ms@20/s,256,cuda", "no load record of this size, device and setting"),
        ({}, "p99<=50ms@20/s,bf16", "no load record of this size, device and setting"),
    ],
)
def test_a_load_that_is_not_shown_to_be_held_fails(
    gate: Callable[..., Any], changes: dict[str, Any], limit: str, message: str
) -> None:
    result = gate([dataclasses.replace(RECORD, **changes)], "--latency", limit)

    assert result.exit_code == 1, result.output
    assert message in result.stdout
    assert "spgbench profile --load server --budget-p99" in result.stdout
    assert "(quality PASS, load REGRESSION)" in result.stderr


def test_a_load_that_was_never_measured_fails(gate: Callable[..., Any]) -> None:
    result = gate([], "--latency", "p90<=0.5s@2/s", "--json")

    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["parts"] == {"quality": "PASS", "load": "REGRESSION"}
    [check] = [check for check in found["findings"] if check["gate"] == "load"]
    assert "--budget-p99 500ms --load-rate 2/s --models net" in check["text"]


def test_every_model_must_hold_the_load(gate: Callable[..., Any]) -> None:
    models = {"net": "a", "slow": "c"}

    one = gate([RECORD], "--latency", "p99<=50ms@20/s", models=models)
    both = gate(
        [RECORD, dataclasses.replace(RECORD, model="slow", fingerprint="c" * 64)],
        *("--latency", "p99<=50ms@20/s", "--latency", "p50<=30ms@30/s,cpu,256x256,fp32,eager"),
        models=models,
    )

    assert (one.exit_code, both.exit_code) == (1, 0)
    assert "slow load p99<=50ms@20/s: no load record" in one.stdout


def test_a_regression_of_quality_fails_in_spite_of_the_load(gate: Callable[..., Any], make_run: MakeRun) -> None:
    before = make_run("before", change=lambda _, metric, __: 1.0 if metric == "psnr.hole" else 0.0).layout.out
    gate([RECORD])
    after = before.parent / "b"

    result = CliRunner().invoke(app, ["gate", str(before), str(after), "--latency", "p99<=50ms@20/s"])

    assert result.exit_code == 1
    assert "(quality REGRESSION, load PASS)" in result.stderr


def test_two_records_that_fit_must_be_told_apart(gate: Callable[..., Any]) -> None:
    records = [RECORD, dataclasses.replace(RECORD, configuration=Configuration(512, 512, 4), device="cuda:0")]

    result = gate(records, "--latency", "p99<=50ms@20/s")
    named = gate(records, "--latency", "p99<=50ms@20/s,512,cuda")

    assert isinstance(result.exception, UsageError)
    assert "512x512 batch 4 fp32 eager on cuda:0" in str(result.exception)
    assert named.exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        *("p99<=50@20/s", "p99<=50ms@20", "p99<=50ms", "p99<=50ms@0/s", "p99<=0ms@20/s", "p99<=-5ms@20/s", ""),
        *(
            "p0<=50ms@20/s",
            "p100<=50ms@20/s",
            "99<=50ms@20/s",
            "p99<50ms@20/s",
            "p99<=50ms@20/s,256,512",
            "p99<=nan@1/s",
        ),
        *("p99<=50ms@20/s,cpu,cuda", "p99<=50ms@20/s,256x256!", "p99<=50ms@-20/s", "p99<=50ms@20/s,"),
    ],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        LoadLimit.parse(text)


def test_a_limit_is_parsed() -> None:
    limit = LoadLimit.parse(" p99.9 <= 0.5s @ 2.5/s, 512x256, cuda:1, channels-last, compile ")

    assert dataclasses.astuple(limit)[:6] == (99.9, 0.5, 2.5, (512, 256), "cuda:1", ("channels-last", "compile"))


def test_damaged_records_are_refused(gate: Callable[..., Any], tmp_path: Path) -> None:
    gate([RECORD])
    [file] = tmp_path.glob("**/load/net/*.jsonl")
    file.write_text(file.read_text()[:-20])

    result = CliRunner().invoke(
        app, ["gate", str(file.parents[3] / "a"), str(file.parents[2]), "--latency", "p99<=50ms@20/s"]
    )

    assert isinstance(result.exception, UsageError)
    assert "be as the load test wrote them" in str(result.exception)
