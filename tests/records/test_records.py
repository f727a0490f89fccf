from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.records import (
    CellKey,
    CellRecord,
    Failures,
    Record,
    RunLayout,
    Score,
    dump,
    folder_name,
    read_run,
    read_shard,
    write_atomically,
    write_cell,
    write_shard,
)
from tests.support.runs import run_info

KEY = CellKey("folder:mine", "f" * 64, "center-50@1", "streets", "e" * 64)


def _cell(**changes: object) -> CellRecord:
    score = Score(20.25, (19.0, 21.5), 3, 1, 0, "dB", True, "psnr|region:hole|v1")
    facts = {
        "key": KEY,
        "labels": {"context": "none", "hole": "none"},
        "n": 5,
        "n_failed": 1,
        "n_skipped": 0,
        "hole_share": 0.25,
        "holes_sha256": "a" * 64,
        "failures": (Failures("failed", "the model must not", ("x",)),),
        "metrics": {"psnr.hole": score, "psnr.known": Score(None, None, 0, 4, 0, "dB", True, "s")},
    }
    return CellRecord(**{**facts, **changes})  # type: ignore[arg-type]  # the test's own mapping


def _write_run(out: Path) -> RunLayout:
    layout = RunLayout(out)
    write_atomically(layout.run_file, run_info({"folder:mine": "f" * 64}, ["center-50@1"]).to_json())
    write_shard(layout.shard(KEY, 1), [Record("b", "ok", values={"psnr.hole": 1.0})])
    write_shard(layout.shard(KEY, 0), [Record("c", "ok"), Record("a", "failed", "why")])
    return layout


@given(
    st.builds(
        Record,
        sample=st.text(min_size=1),
        status=st.sampled_from(["ok", "failed", "skipped"]),
        reason=st.text(),
        seed=st.integers(0, 2**63 - 1),
        hole_share=st.floats(0, 1) | st.just(math.nan),
        values=st.dictionaries(st.text(min_size=1), st.floats()),
    )
)
def test_a_record_survives_its_line(tmp_path_factory: pytest.TempPathFactory, record: Record) -> None:
    path = tmp_path_factory.mktemp("shard") / "samples-0000.jsonl"
    write_shard(path, [record])

    (copy,) = read_shard(path, [record.sample]) or []

    assert repr(replace(copy, values={})) == repr(replace(record, values={}))  # repr, since NaN differs from itself
    assert {name: repr(value) for name, value in copy.values.items()} == {
        name: repr(value) for name, value in record.values.items()
    }


def test_a_cell_survives_its_file() -> None:
    cell = _cell()

    assert CellRecord.from_json(cell.to_json()) == cell


def test_no_nan_reaches_the_json() -> None:
    text = json.dumps({"a": 1})
    assert dump({"a": 1}).strip().replace("\n", "").replace(" ", "") == text.replace(" ", "")
    with pytest.raises(ValueError, match="JSON"):
        dump({"a": math.nan})


def test_layout_is_the_documented_one(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path)

    cell = tmp_path / "cells" / "folder+mine" / "ffffffffffff" / "center-50@1" / "streets@eeeeeeeeeeee"
    assert layout.shard(KEY, 3) == cell / "samples-0003.jsonl"
    assert layout.cell_file(KEY) == cell / "cell.json"
    assert layout.done(KEY) == cell / "done"
    assert folder_name('a/b:c\\d\n"e"') == "a+b+c+d++e+"


def test_a_run_reads_back_whole_cells_only(tmp_path: Path) -> None:
    layout = _write_run(tmp_path)

    assert read_run(tmp_path).cells == {}
    assert read_run(tmp_path).missing == [KEY]

    write_cell(layout, _cell(), shards=2)
    run = read_run(tmp_path)

    assert run.cells == {KEY: _cell()}
    assert run.missing == []
    assert [record.sample for record in run.records(KEY)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["cell.json", "samples-0000.jsonl"])
def test_an_edited_number_is_found(tmp_path: Path, name: str) -> None:
    layout = _write_run(tmp_path)
    write_cell(layout, _cell(), shards=2)
    file = layout.cell(KEY) / name
    file.write_text(file.read_text().replace("a", "b", 1))

    with pytest.raises(UsageError, match="another SHA-256"):
        read_run(tmp_path).values(KEY)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text + '{"sample"',
        lambda text: text.replace('"sample":"a"', '"sample":"z"'),
        lambda text: "\n".join(reversed(text.splitlines())) + "\n",
        lambda text: text + text,
        lambda _: "[]\n",
    ],
)
def test_a_damaged_shard_is_not_read(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "samples-0000.jsonl"
    write_shard(path, [Record("a", "ok"), Record("b", "ok")])
    assert len(read_shard(path, ["a", "b"]) or []) == 2

    path.write_text(damage(path.read_text()))

    assert read_shard(path, ["a", "b"]) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "no run.json"),
        ("{", "does not parse"),
        ('{"format": 99}', "must be 1, 2 or 3; found 99"),
        ("[]", "field format"),
    ],
)
def test_what_is_no_run(tmp_path: Path, text: str | None, found: str) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)

    with pytest.raises(UsageError, match=found):
        read_run(tmp_path)
