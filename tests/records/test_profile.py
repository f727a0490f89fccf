from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.records.bound import Bound
from bench.records.contention import Contention
from bench.records.profile import (
    Configuration,
    ProfileLayout,
    ProfileRecord,
    read_profile,
    write_environment,
    write_records,
)
from bench.records.steadiness import Looks

RECORD = ProfileRecord(
    model="spgnet:unguided",
    fingerprint="ab" * 32,
    device="cpu",
    device_name="Some CPU",
    configuration=Configuration(256, 512, 4, "bf16", "channels-last", "compile"),
    status="ok",
    wall_s=(0.011, 0.010, 0.012),
    warmup_s=(0.02,),
    first_call_s=1.5,
    compile_s=1.4,
    stages={"segmenter": (0.004, 0.005), "SP-Net": (0.001, 0.002)},
    peak_memory={"resident": 1 << 30},
    parameters=12,
    flops=10**12,
    graphs=1,
    graph_breaks=0,
    output_change={"max": 0.1, "mean": 0.01},
    bound=Bound(0.004, 0.002, 1e12, 2e12, 1e10),
    busy_s=(0.009, 0.010, 0.009),
    references={"convolution": (0.010, 0.0101)},
    looks={"convolution": Looks((0.010, 0.009, 0.011), (0.0101, 0.0101), 0.01, 0.03, binds=True)},
    environment={"torch": "2.15", "before": {"throttle": []}, "after": {"throttle": []}},
)


def test_a_record_survives_its_line() -> None:
    line = RECORD.to_line()

    assert ProfileRecord.from_line(line) == RECORD
    assert list(ProfileRecord.from_line(line).stages) == ["segmenter", "SP-Net"]
    assert line.count("\n") == 1


def test_a_record_of_an_earlier_version_is_read() -> None:
    data = json.loads(RECORD.to_line())
    for name in ("looks", "busy_s"):
        del data[name]

    read = ProfileRecord.from_line(json.dumps(data))

    assert read == replace(RECORD, looks={}, busy_s=())
    assert (read.busy_share, read.invalid) == (None, "")


@pytest.mark.parametrize(("limit", "binds", "void"), [(0.02, True, True), (0.02, False, False), (0.3, True, False)])
def test_a_kernel_that_does_not_bind_and_a_move_within_the_noise_do_not_count(
    limit: float, binds: bool, void: bool
) -> None:
    looks = {"tiny calls": Looks((1.0,), (1.2,), limit / 3, limit, binds)}
    contention = Contention(best={"tiny calls": 0.7}).as_json()  # 1.4 times the best
    record = replace(RECORD, references={"tiny calls": (1.0, 1.2)}, looks=looks, environment={"contention": contention})

    assert bool(record.invalid) == void
    assert record.drift == pytest.approx(0.2 if binds else 0.0)
    assert ProfileRecord.from_line(record.to_line()) == record


@pytest.mark.parametrize("line", ["", "{}", '{"format": 2}', RECORD.to_line()[:-20], "[]"])
def test_foreign_lines_are_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        ProfileRecord.from_line(line)


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=40), st.floats(0, 100))
def test_percentiles_are_numpys(samples: list[float], percent: float) -> None:
    record = replace(RECORD, wall_s=tuple(samples))

    assert record.latency(percent) == pytest.approx(np.percentile(samples, percent), rel=1e-12)


def test_throughput_counts_pictures() -> None:
    assert RECORD.throughput == pytest.approx(4 / 0.011)
    assert math.isnan(replace(RECORD, wall_s=()).throughput)


def test_the_share_of_the_bound_is_of_the_side_that_binds() -> None:
    assert RECORD.share_of_bound == pytest.approx(0.004 / 0.011)
    assert replace(RECORD, device_s=(0.008,)).share_of_bound == pytest.approx(0.5)
    assert replace(RECORD, bound=None).share_of_bound is None
    assert Bound(1.0, 2.0, None, None, 1e9).binds == "memory"


@pytest.mark.parametrize(("after", "void"), [(0.01019, ""), (0.0103, "+3.0 %"), (0.0097, "-3.0 %")])
def test_a_reference_that_drifts_makes_it_void(after: float, void: str) -> None:
    record = replace(RECORD, references={"copy": (0.02, 0.02), "convolution": (0.010, after)}, looks={})

    assert (void in record.invalid) if void else record.invalid == ""


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"others": 0.2, "load": 9.0, "waited": 0.05, "stolen": 0.05, "best": {"sum": 0.8}}, ""),
        ({"others": 1.7}, "others took 1.7 of 2 cores"),
        ({"others": 1.2, "threads": 1}, ""),
        ({"others": 1.3, "threads": 1}, "others took 1.3 of 2 cores"),
        ({"waited": 0.6}, "a thread waited 60 % of its time for a core"),
        ({"stolen": 0.3}, "the hypervisor took 0.3 of 2 cores"),
        ({"best": {"sum": 1 / 3.1, "another": 0.1}}, "reference kernel sum took 3.1 times its best here"),
        ({"load": 2.9}, ""),
        ({"load": 7.9}, "load 7.9 on 2 cores"),
        ({}, ""),
    ],
)
def test_steady_contention_makes_it_invalid(seen: dict[str, Any], reason: str) -> None:
    contention = Contention(**{"cores": 2, "threads": 2, **seen})
    record = replace(RECORD, references={"sum": (1.0, 1.01)}, environment={"contention": contention.as_json()})

    assert record.invalid == reason
    assert ProfileRecord.from_line(record.to_line()).contention == contention
    assert (reason in record.not_quiet) == bool(record.not_quiet or not reason)


def test_a_machine_that_is_not_quiet_is_told_with_all_that_is_known() -> None:
    seen = Contention(2, 2, 7.9, 1.8, 0.0, 0.6, ("python (311) takes 180 %",), {"sum": 0.5})

    assert seen.explained({"sum": 1.55}) == (
        "load 7.9 on 2 cores; python (311) takes 180 %; reference kernel sum took 3.1 times its best here; "
        "a thread waited 60 % of its time for a core; others took 1.8 of 2 cores"
    )
    assert Contention(2, 2, 7.9, 0.1).explained({}) == ""


def test_a_new_throttle_reason_makes_it_void() -> None:
    state = {"before": {"throttle": ["power cap"]}, "after": {"throttle": ["power cap", "thermal"]}}

    assert replace(RECORD, environment=state).invalid == "throttled: thermal"


def test_a_profile_is_read_back_in_the_order_of_the_models(tmp_path: Path) -> None:
    layout = ProfileLayout(tmp_path)
    other = replace(RECORD, model="a")
    for record in (RECORD, other):
        write_records(layout.records_file(record.model, record.fingerprint), [record])
    models = [{"name": record.model, "fingerprint": record.fingerprint} for record in (RECORD, other)]
    write_environment(layout, {"models": models})

    profile = read_profile(tmp_path)

    assert profile.records == (RECORD, other)
    assert profile.of("a", other.fingerprint) == [other]
    assert layout.records_file(RECORD.model, RECORD.fingerprint).relative_to(tmp_path).as_posix() == (
        "profile/spgnet+unguided/abababababab.jsonl"
    )


def test_a_profile_that_ended_before_its_first_record_has_none(tmp_path: Path) -> None:
    layout = ProfileLayout(tmp_path)
    write_records(layout.records_file(RECORD.model, RECORD.fingerprint), [])
    facts = {"models": [{"name": RECORD.model, "fingerprint": RECORD.fingerprint}]}
    write_environment(layout, {**facts, "status": "running"})

    assert read_profile(tmp_path).records == ()

    write_environment(layout, {**facts, "status": "whole"})
    with pytest.raises(UsageError, match="must hold records; found an empty file"):
        read_profile(tmp_path)


def test_what_is_no_profile_is_refused(tmp_path: Path) -> None:
    layout = ProfileLayout(tmp_path)
    with pytest.raises(UsageError, match=r"no profile/environment\.json"):
        read_profile(tmp_path)
    layout.environment_file.parent.mkdir()
    layout.environment_file.write_text(json.dumps({"format": 99}))
    with pytest.raises(UsageError, match="format 99"):
        read_profile(tmp_path)
    write_environment(layout, {"models": [{"name": "a", "fingerprint": "b"}]})
    with pytest.raises(UsageError, match="profile again"):
        read_profile(tmp_path)
