from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from bench.errors import UsageError
from bench.records.json_schema import read_schema
from bench.records.load import (
    LoadLayout,
    LoadRecord,
    LoadTrial,
    read_load,
    read_load_records,
    write_load_environment,
    write_load_records,
)
from bench.records.profile import Configuration
from bench.records.units import parse_rate, parse_seconds

TRIAL = LoadTrial("confirm", 20.0, 1, 500, 1, 4, tuple(range(10_000, 10_500)), 200, 25.0)
RECORD = LoadRecord(
    "net\u2028", "a" * 64, "cpu", "CPU", Configuration(32, 48, 4), "server", "ok",
    budget_s=0.05, call_s=(0.01,), trials=(TRIAL,), references={"sum": (1.0, 1.0)}, environment={"threads": 1},
)  # fmt: skip


def test_a_record_is_read_back_and_fits_its_schema(tmp_path: Path) -> None:
    layout = LoadLayout(tmp_path)
    file = layout.records_file(RECORD.model, RECORD.fingerprint)
    stream = dataclasses.replace(RECORD, scenario="single-stream", percent=90, budget_s=None, trials=())
    write_load_records(file, [RECORD, stream])
    write_load_environment(layout, {"models": [{"name": RECORD.model, "fingerprint": RECORD.fingerprint}]})

    assert read_load(tmp_path).records == (RECORD, stream)
    jsonschema.Draft202012Validator(json.loads(read_schema("load"))).validate(json.loads(RECORD.to_line()))


def test_the_numbers_of_a_trial_follow_from_its_latencies() -> None:
    assert TRIAL.latency(99) == pytest.approx(np.percentile(range(10_000, 10_500), 99) / 1e6)
    assert TRIAL.bound(99) == 0.010499  # no value may lie above it with 500 of them
    assert (TRIAL.late(0.010489), TRIAL.late(0.010499)) == (10, 0)
    assert (TRIAL.holds(99, 0.010499), TRIAL.holds(99, 0.010498)) == (True, False)
    assert TRIAL.pictures_per_s == 20
    late = dataclasses.replace(TRIAL, ended="late", latency_us=(60_000,) * 3)
    assert (late.holds(99, 1.0), late.bound(99)) == (False, 0.06)
    assert not dataclasses.replace(TRIAL, ended="stopped").holds(99, 1.0)


def test_the_highest_confirmed_rate_counts() -> None:
    searched = dataclasses.replace(TRIAL, purpose="search", rate=50.0)
    late = dataclasses.replace(TRIAL, rate=40.0, latency_us=(60_000,) * 500)
    lower = dataclasses.replace(TRIAL, rate=10.0)
    record = dataclasses.replace(RECORD, trials=(searched, late, lower, TRIAL))

    assert record.confirmed == record.result == TRIAL
    assert record.verdict == "highest rate held: 20/s"
    assert dataclasses.replace(record, asked_rate=40.0).verdict == "40/s is not held; highest rate held: 20/s"
    assert dataclasses.replace(record, trials=(searched, late)).verdict == "no rate is held (in the search 50/s was)"
    assert dataclasses.replace(record, trials=(late,)).verdict == "no rate is held"


def test_latencies_are_invalid_by_the_rules_of_a_profile() -> None:
    assert RECORD.invalid == ""
    assert "sum moved by +50" in dataclasses.replace(RECORD, references={"sum": (1.0, 1.5)}).invalid


@pytest.mark.parametrize("damage", [lambda text: text[:-9], lambda text: text.replace(":1", ":2"), lambda _: "[]"])
def test_damaged_files_are_refused(damage: object, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(damage(RECORD.to_line()), encoding="utf-8")  # type: ignore[operator]  # a function

    with pytest.raises(UsageError, match="be as the load test wrote them"):
        read_load_records(file)
    with pytest.raises(UsageError, match=r"no load/environment\.json"):
        read_load(tmp_path)


def test_times_and_rates_need_their_units() -> None:
    assert [parse_seconds(text, "x") for text in ("50ms", "0.5s", "800 us")] == pytest.approx([0.05, 0.5, 0.0008])
    assert parse_rate("20/s", "x") == parse_rate("20 / s", "x") == 20
    for wrong in ("50", "0ms", "-1ms", "1min", "", "ms", "1e999s", "nan s"):
        with pytest.raises(UsageError, match="unit"):
            parse_seconds(wrong, "x")
    for wrong in ("20", "0/s", "-1/s", "20/min", "inf/s"):
        with pytest.raises(UsageError, match="queries a second"):
            parse_rate(wrong, "x")
