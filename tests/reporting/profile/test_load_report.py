from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.records.load import (
    LoadLayout,
    LoadRecord,
    LoadResults,
    LoadTrial,
    read_load,
    write_load_environment,
    write_load_records,
)
from bench.records.profile import Configuration
from bench.reporting.profile.load import load_table, report_load

NAME = "a|b_<i>&"


def trial(rate: float | None, milliseconds: float, **changes: object) -> LoadTrial:
    latency = milliseconds * 1e3 * np.random.default_rng(0).lognormal(0, 0.2, 700)
    purpose = "measure" if rate is None else "confirm"
    made = LoadTrial(purpose, rate, 0, 700, 1, 4, tuple(map(int, latency)), 700, 20.0)  # type: ignore[arg-type]
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]  # fields of a trial


@pytest.fixture
def found(tmp_path: Path) -> LoadResults:
    server = LoadRecord(
        NAME, "a" * 64, "cpu", "CPU", Configuration(32, 48, 4), "server", "ok", budget_s=0.05,
        trials=(trial(80.0, 60, ended="late"), trial(40.0, 15), trial(20.0, 10, purpose="search")),
    )  # fmt: skip
    stream = dataclasses.replace(
        server,
        scenario="single-stream",
        percent=90,
        budget_s=None,
        trials=(trial(None, 8),),
        references={"sum": (1, 2)},
    )
    offline = dataclasses.replace(stream, scenario="offline", trials=(trial(None, 8, pictures=4),), references={})
    failed = dataclasses.replace(server, status="failed", reason="ValueError: gone", trials=(trial(90.0, 70),))
    empty = dataclasses.replace(failed, configuration=Configuration(64, 64, 4), trials=())
    layout = LoadLayout(tmp_path)
    write_load_records(layout.records_file(NAME, "a" * 64), [server, stream, offline])
    write_load_records(layout.records_file("other", "b" * 64), [
        dataclasses.replace(record, model="other", fingerprint="b" * 64) for record in (failed, empty)
    ])  # fmt: skip
    facts = {
        "models": [{"name": NAME, "fingerprint": "a" * 64}, {"name": "other", "fingerprint": "b" * 64}],
        "device": "cpu",
        "device_name": "Some CPU",
        "libraries": {"torch": "2.12.0"},
        "not_loaded": {"lama": "no weights"},
    }
    write_load_environment(layout, facts)
    return read_load(tmp_path)


def test_the_table_has_a_line_a_test_and_what_is_missing(found: LoadResults) -> None:
    table = load_table(found)
    lines = [[cell.strip() for cell in line.split(" | ")] for line in table.splitlines() if line.startswith("| ")]

    assert [line[1] for line in lines[2:]] == ["server", "single-stream", "offline", "server"]
    assert lines[2][5:7] == ["40.0 queries/s", "p99 50 ms"]
    assert lines[3][5].startswith("p90 1")
    assert "INVALID" in lines[3][-1]
    assert lines[4][5] == "140 pictures/s"
    assert lines[5][5] == "no rate is held"
    assert "failed: ValueError: gone" in table
    assert "lama was not tested: no weights" in table
    assert len({len(line) for line in table.splitlines() if line.startswith("| ")}) == 1


def test_every_format_is_written_and_the_same_records_give_the_same_bytes(found: LoadResults, tmp_path: Path) -> None:
    files = report_load(found)
    first = [file.read_bytes() for file in files]

    assert [file.read_bytes() for file in report_load(found)] == first
    assert {file.name for file in files} == {
        *(f"load.{suffix}" for suffix in ("md", "html", "tex", "csv")),
        *(f"load-{name}.{suffix}" for name in ("rates", "streams") for suffix in ("png", "pdf")),
    }
    html = (tmp_path / "tables" / "load.html").read_text()
    root = ET.fromstring(f"<div>{html}</div>")  # noqa: S314 (our own)
    assert root.findtext("table/tbody/tr/th/bdi") == NAME
    tex = (tmp_path / "tables" / "load.tex").read_text()
    assert r"a\textbar{}b\_\textless{}i\textgreater{}\&" in tex
    assert len({line.count(" & ") for line in tex.splitlines() if line.endswith(r"\\")}) == 1
    frame = pd.read_csv(tmp_path / "tables" / "load.csv")
    assert frame["rate"].dropna().tolist() == [80, 40, 20, 90]
    assert frame["held"].dropna().tolist() == [False, True, True, False]
    with Image.open(tmp_path / "plots" / "load-rates.png") as image:
        assert image.width <= 2400


def test_without_latencies_there_are_tables_and_no_plots(found: LoadResults) -> None:
    none = dataclasses.replace(found, records=found.records[-1:])

    assert [file.suffix for file in report_load(none)] == [".md", ".html", ".tex", ".csv"]
