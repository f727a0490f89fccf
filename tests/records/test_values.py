from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.records import (
    CellKey,
    CellRecord,
    Record,
    Run,
    RunLayout,
    Score,
    read_run,
    write_atomically,
    write_cell,
    write_shard,
)
from bench.records.schema import record_to_line
from bench.records.values import parse_values
from tests.support.runs import run_info

KEY = CellKey("net", "f" * 64, "center-50@1", "streets", "e" * 64)
METRICS = ("psnr.hole", "l1.hole")
BY_CLASS = ("judge-miou.hole.car",)


def cell_of(n: int, metrics: Sequence[str] = METRICS, by_class: Sequence[str] = ()) -> CellRecord:
    score = Score(1.0, None, n, 0, 0, "", True, "s|v1")
    of, of_class = (dict.fromkeys(names, score) for names in (metrics, by_class))
    return CellRecord(KEY, {}, n, 0, 0, 0.25, "a" * 64, (), of, of_class)


def run_of(out: Path, shards: Sequence[Sequence[Record]], cell: CellRecord) -> Run:
    layout = RunLayout(out)
    write_atomically(layout.run_file, run_info({"net": "f" * 64}, ["center-50@1"]).to_json())
    for index, records in enumerate(shards):
        write_shard(layout.shard(KEY, index), records)
    write_cell(layout, cell, len(shards))
    return read_run(out)


numbers = st.floats() | st.sampled_from([math.inf, -math.inf, math.nan])


@given(
    st.lists(
        st.builds(
            Record,
            sample=st.text(min_size=1),
            status=st.sampled_from(["ok", "failed", "skipped"]),
            reason=st.text(),
            image_sha256=st.sampled_from(["", "1" * 64]),
            hole_share=st.floats(0, 1) | st.just(math.nan),
            values=st.fixed_dictionaries({}, optional=dict.fromkeys([*METRICS, *BY_CLASS], numbers)),
        ),
        unique_by=lambda record: record.sample,
        max_size=5,
    )
)
def test_arrays_are_the_records(records: list[Record]) -> None:
    cell = cell_of(len(records), by_class=BY_CLASS)
    lines = [("a.jsonl", record_to_line(record).encode()) for record in records]

    values = parse_values(Path(), cell, lines)

    ordered = sorted(records, key=lambda record: record.sample)
    assert values.samples == tuple(record.sample for record in ordered)
    assert values.status == tuple(record.status for record in ordered)
    assert values.pictures == tuple(record.image_sha256 or record.sample for record in ordered)
    assert values.reasons == {record.sample: record.reason for record in ordered if record.status != "ok"}
    assert values.ok | values.failed == {record.sample for record in records if record.status != "skipped"}
    np.testing.assert_array_equal(values.hole_share, [record.hole_share for record in ordered])
    for name in (*METRICS, *BY_CLASS):
        expected = [r.values.get(name, math.nan) if r.status == "ok" else math.nan for r in ordered]
        np.testing.assert_array_equal(values.values[name], expected)


def test_a_cell_is_read_once_and_kept(tmp_path: Path) -> None:
    records = [[Record("b", "ok", values=dict.fromkeys(METRICS, 2.0))], [Record("a", "failed", "why")]]
    run = run_of(tmp_path, records, cell_of(2))
    first = run.values(KEY)
    for shard in range(2):
        run.layout.shard(KEY, shard).unlink()

    assert run.values(KEY) is first
    assert first.samples == ("a", "b")
    assert first.row == {"a": 0, "b": 1}
    with pytest.raises(UsageError, match="No such file"):
        read_run(tmp_path).values(KEY)
    with pytest.raises(UsageError, match="No such file"):
        run.records(KEY)


def test_only_the_cells_that_are_looked_at_are_checked(tmp_path: Path) -> None:
    run = run_of(tmp_path, [[Record("a", "ok")]], cell_of(1))
    shard = run.layout.shard(KEY, 0)
    shard.write_text(shard.read_text().replace('"a"', '"b"'))

    assert list(read_run(tmp_path).cells) == [KEY]
    with pytest.raises(UsageError, match="another SHA-256"):
        read_run(tmp_path).values(KEY)
    with pytest.raises(UsageError, match="another SHA-256"):
        read_run(tmp_path).records(KEY)


LINE = record_to_line(Record("a", "ok", values={"psnr.hole": 1.0}))
OTHER = LINE.replace('"a"', '"b"')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LINE + OTHER[:-20], "lines that do not parse"),
        (LINE + "\n" + OTHER, "lines that do not parse"),
        (LINE.rstrip("\n") + "," + OTHER, "lines that do not parse"),
        (LINE + "[]\n", "lines that do not parse"),
        (LINE + OTHER.replace('"seed":0,', ""), "lines that do not parse"),
        (LINE + OTHER.replace('"seed":0,', '"seed":0,"more":1,'), "lines that do not parse"),
        (LINE.replace("1.0", "[1.0]") + OTHER.replace("1.0", "[1.0]"), r"a value that is no number \(a list\)"),
        (LINE + "\xff\n", "lines that do not parse"),
        (LINE + OTHER.replace("1.0", '"much"'), "a value that is no number"),
        (LINE + OTHER.replace("1.0", "[1.0]"), "a value that is no number"),
        (LINE + LINE, "1 twice, such as 'a'"),
        (LINE, "1 that can be read"),
    ],
)
def test_what_is_damaged_is_refused(text: str, found: str) -> None:
    cell = replace(cell_of(2), metrics=cell_of(2, ["psnr.hole"]).metrics)
    assert parse_values(Path(), cell, [("a.jsonl", (LINE + OTHER).encode())]).samples == ("a", "b")

    with pytest.raises(UsageError, match=found):
        parse_values(Path("cell"), cell, [("samples-0000.jsonl", text.encode("latin-1"))])
