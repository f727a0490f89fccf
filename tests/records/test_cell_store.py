"""The files of a whole cell, from batches on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.records import CellKey, Record, RunLayout
from bench.records.cell_store import SampleResult, read_results, write_batch, write_results
from bench.records.files import encode_records

KEY = CellKey("one", "f" * 64, "center-50@1", "d", "e" * 64)
RECORDS = [Record(f"p{index}", "ok", values={"psnr.hole": 0.1 * index, "l1.hole": 1e-9}) for index in range(6)]


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    """A cell with two batches of three pictures."""
    layout = RunLayout(tmp_path)
    for start in (0, 3):
        write_batch(layout, KEY, [SampleResult(record) for record in RECORDS[start : start + 3]])
    return layout


def read(layout: RunLayout) -> list[SampleResult]:
    return [found[-1] for found in read_results(layout, KEY).values()]


def ordered(results: list[SampleResult]) -> list[SampleResult]:
    return sorted(results, key=lambda one: one.record.sample)


def write(layout: RunLayout, *files: list[SampleResult]) -> list[bytes]:
    write_results(layout, KEY, files, [], with_features=False)
    assert not list(layout.cell(KEY).glob("new-*"))
    return [path.read_bytes() for path in sorted(layout.cell(KEY).glob("samples-*"))]


def test_batches_become_files_whatever_the_cut(layout: RunLayout) -> None:
    results = ordered(read(layout))

    assert write(layout, results[:2], results[2:]) == [encode_records(RECORDS[:2]), encode_records(RECORDS[2:])]
    assert write(layout, ordered(read(layout))) == [encode_records(RECORDS)]


def test_a_result_that_was_changed_is_encoded_anew(layout: RunLayout) -> None:
    results = ordered(read(layout))
    changed = replace(RECORDS[1], values={"psnr.hole": 7.0})

    found = write(layout, [results[0], SampleResult(changed), *results[2:]])

    assert found == [encode_records([RECORDS[0], changed, *RECORDS[2:]])]


def test_a_batch_of_another_folder_is_not_copied(layout: RunLayout, tmp_path: Path) -> None:
    results = ordered(read(layout))
    for path in layout.cell(KEY).glob("new-*"):
        path.unlink()
    write_batch(layout, KEY, [SampleResult(replace(record, values={"psnr.hole": 9.0})) for record in RECORDS[:3]])

    assert write(RunLayout(tmp_path / "merged"), results) == [encode_records(RECORDS)]


def test_a_batch_that_was_damaged_since_it_was_read_is_not_copied(layout: RunLayout) -> None:
    results = ordered(read(layout))
    for path in layout.cell(KEY).glob("new-*"):
        path.write_bytes(path.read_bytes().replace(b"1e-09", b"1e-08"))

    assert write(layout, results) == [encode_records(RECORDS)]
