from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.records.bound import Bound
from bench.records.end_to_end import PARTS, EndToEnd
from bench.records.profile import (
    Configuration,
    Profile,
    ProfileLayout,
    ProfileRecord,
    read_profile,
    write_environment,
    write_records,
)
from bench.reporting.profile import profile_frame, profile_table, report_profile

PLAIN = ProfileRecord("plain | <b>", "a" * 64, "cpu", "CPU", Configuration(32, 48), "ok")
LEARNED = replace(
    PLAIN,
    model="learned",
    fingerprint="b" * 64,
    parameters=48_000_000,
    flops=2 * 10**9,
    bound=Bound(0.001, 0.002, 1e12, 2e12, 1e10),
    stages={"segmenter": (0.002, 0.002), "SP-Net": (0.003, 0.003)},
    peak_memory={"resident": 512 << 20},
    first_call_s=0.5,
    output_change={"max": 0.004, "mean": 0.001},
)


PATH = EndToEnd((0.045, 0.043), {name: (0.038, 0.036) if name == "inpaint" else (0.001, 0.001) for name in PARTS})


def timed(record: ProfileRecord, seconds: float, *configuration: object) -> ProfileRecord:
    samples = tuple(seconds * np.random.default_rng(0).lognormal(0, 0.05, 20))
    return replace(record, configuration=Configuration(*configuration), wall_s=samples)  # type: ignore[arg-type]  # in order


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    records = [
        timed(PLAIN, 0.004, 32, 48),
        replace(
            PLAIN, configuration=Configuration(32, 48, precision="bf16"), status="unsupported", reason="no | torch"
        ),
        timed(LEARNED, 0.010, 32, 48),
        replace(timed(LEARNED, 0.016, 32, 48, 2), references={"sum": (1.0, 1.5)}),
        replace(timed(LEARNED, 0.040, 64, 96, 1), end_to_end=PATH),
        replace(LEARNED, configuration=Configuration(512, 512), status="out-of-memory", reason="20 GiB"),
    ]
    layout = ProfileLayout(tmp_path)
    models = list(dict.fromkeys((record.model, record.fingerprint) for record in records))
    for key in models:
        write_records(layout.records_file(*key), [r for r in records if (r.model, r.fingerprint) == key])
    facts = {
        "models": [{"name": name, "fingerprint": fingerprint} for name, fingerprint in models],
        "device": "cpu",
        "device_name": "Some CPU",
        "libraries": {"torch": "2.12.0"},
        "status": "budget",
        "input": "streets",
        "threads": 1,
        "cores": 2,
        "system": "Linux",
        "python": "3.12.0",
        "started": "2026-01-01T00:00:00+00:00",
        "not_loaded": {"lama": "no weights"},
    }
    write_environment(layout, facts)
    return read_profile(tmp_path)


def test_the_table_says_everything(profile: Profile) -> None:
    table = profile_table(profile)

    assert "learned, 48 million parameters" in table
    assert "plain \\| \\<b\\>" in table
    assert "out-of-memory: 20 GiB (512x512 batch 1 fp32 eager)" in table
    assert "unsupported: no \\| torch (32x48 batch 1 bf16 eager)" in table
    assert "INVALID: 1 of 4 configurations; the largest drift was 50 %." in table
    assert "Not whole: the budget ran out" in table
    assert "lama was not measured: no weights" in table
    [line] = [
        line
        for line in table.splitlines()
        if line.startswith("| 64 \N{MULTIPLICATION SIGN} 96 |     1 | fp32 eager |") and "memory" in line
    ]
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells[6] == "20"
    assert cells[9:14] == ["512", "2.00", f"{100 * 0.002 / profile.records[4].latency():.0f} %", "memory", "0.004"]
    widths = {len(line) for line in table.splitlines() if line.startswith("| ") and "GFLOP" in line}
    assert len(widths) == 2  # of two tables, each as wide as its lines


def test_the_best_batch_is_the_one_with_most_pictures_a_second(profile: Profile) -> None:
    best = profile_table(profile).partition("best batch")[2]

    [line] = [line for line in best.splitlines() if line.startswith("| 32 \N{MULTIPLICATION SIGN} 48")][:1]
    assert [cell.strip() for cell in line.split("|")[1:4]] == ["32 \N{MULTIPLICATION SIGN} 48", "fp32 eager", "2"]


def test_what_is_left_after_the_stages_is_shown(profile: Profile) -> None:
    stages = profile_table(profile).partition("Stages")[2]

    [line] = [line for line in stages.splitlines() if line.startswith("| 32 \N{MULTIPLICATION SIGN} 48 |     1")]
    cells = [cell.strip() for cell in line.split("|")[4:-1]]
    assert cells[:2] == ["2.00", "3.00"]
    assert float(cells[2]) == pytest.approx(1e3 * profile.records[2].latency() - 5, abs=0.01)


def test_the_path_of_a_service_has_a_line_of_its_own(profile: Profile) -> None:
    table = profile_table(profile).partition("End to end")[2]

    [line] = [line for line in table.splitlines() if line.startswith("| 64 \N{MULTIPLICATION SIGN} 96 |")]
    cells = [cell.strip() for cell in line.split("|")[4:-1]]
    assert cells[:8] == ["1.00"] * 4 + ["37.0"] + ["1.00"] * 3
    assert cells[8:] == ["44.0", "1.00", "2.00", "41.0", "22.7"]
    frame = profile_frame(profile)
    assert frame["end_to_end_inpaint_ms"].dropna().tolist() == [pytest.approx(37.0)]
    assert frame["end_to_end_copy_ms"].dropna().tolist() == [pytest.approx(2.0)]


def test_the_frame_has_a_row_a_configuration(profile: Profile, tmp_path: Path) -> None:
    frame = profile_frame(profile)
    report_profile(profile)

    assert len(frame) == len(profile.records)
    assert frame["p50_ms"].tolist()[0] == pytest.approx(1e3 * np.median(profile.records[0].wall_s))
    assert math.isnan(frame["p50_ms"].tolist()[1])
    read = pd.read_csv(tmp_path / "tables" / "profile.csv")
    assert read["model"].tolist() == frame["model"].tolist()
    rows = json.loads((tmp_path / "tables" / "profile.json").read_text())
    assert rows[1]["p50_ms"] is None
    assert rows[2]["gflops"] == 2.0


def test_the_same_records_give_the_same_bytes(profile: Profile) -> None:
    files = report_profile(profile)
    first = [file.read_bytes() for file in files]

    assert [file.read_bytes() for file in report_profile(profile)] == first
    assert {file.name for file in files if file.suffix == ".png"} == {
        "profile-latency.png",
        "profile-throughput.png",
        "profile-stages.png",
        "profile-end-to-end.png",
    }


def test_pytest_benchmark_reads_its_file(profile: Profile, tmp_path: Path) -> None:
    report_profile(profile)
    file = tmp_path / "profile" / "pytest-benchmark.json"
    program = Path(sys.executable).with_name("pytest-benchmark")
    command = [str(part) for part in (program, "compare", file, "--csv", tmp_path / "compared")]

    subprocess.run(command, check=True, capture_output=True)

    compared = pd.read_csv(tmp_path / "compared.csv").set_index("name")
    assert len(compared) == 4
    for record in (record for record in profile.records if record.measured):
        [row] = [compared.loc[name] for name in compared.index if name.endswith(_name(record))]
        values = np.array(record.wall_s)
        assert row["median"] == pytest.approx(np.median(values))
        assert row["mean"] == pytest.approx(values.mean())
        assert row["stddev"] == pytest.approx(values.std(ddof=1))
        assert row["iqr"] == pytest.approx(np.subtract(*np.percentile(values, [75, 25])))
        assert row["rounds"] == len(values)


def test_benchers_file_is_its_metric_format(profile: Profile, tmp_path: Path) -> None:
    report_profile(profile)

    found = json.loads((tmp_path / "profile" / "bencher.json").read_text())

    assert len(found) == 4
    latency = found[_name(profile.records[2])]["latency"]
    assert latency["value"] == pytest.approx(1e9 * np.median(profile.records[2].wall_s))
    assert latency["lower_value"] < latency["value"] < latency["upper_value"]
    assert found[_name(profile.records[2])]["flops"] == {"value": 2e9}
    assert all(
        set(measure) <= {"value", "lower_value", "upper_value"} for one in found.values() for measure in one.values()
    )


def test_a_profile_of_nothing_but_failures_has_a_table(profile: Profile) -> None:
    empty = replace(profile, records=tuple(record for record in profile.records if not record.measured))

    files = report_profile(empty)

    assert "out-of-memory" in profile_table(empty)
    assert not [file for file in files if file.suffix == ".png"]


def test_reports_of_profiles_need_no_torch(profile: Profile, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bench.records.profile import read_profile;"
        "from bench.reporting.profile import report_profile;"
        f"report_profile(read_profile(Path({str(tmp_path)!r}))); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "False"


def _name(record: ProfileRecord) -> str:
    shape = record.configuration
    return f"{record.model}/cpu/{shape.resolution}/batch-{shape.batch_size}/fp32-eager"
