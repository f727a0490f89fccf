from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.records import CellKey, CellRecord, Record, RunLayout, Score, read_run, write_cell, write_shard
from bench.records.store import pack_cells
from tests.support.runs import run_info

KEY = CellKey("folder:mine", "f" * 64, "center-50@1", "streets", "e" * 64)
CELL = "folder+mine/ffffffffffff/center-50@1/streets@eeeeeeeeeeee"


def write_run(out: Path) -> RunLayout:
    layout = RunLayout(out)
    out.mkdir()
    layout.run_file.write_text(run_info({"folder:mine": "f" * 64}, ["center-50@1", "object@1"]).to_json())
    write_shard(layout.shard(KEY, 0), [Record("a", "ok", values={"psnr.hole": 1.0}), Record("b", "failed", "wörds")])
    write_shard(layout.shard(KEY, 1), [Record("c", "ok", values={"psnr.hole": 2.0})])
    score = Score(1.5, (1.0, 2.0), 2, 0, 0, "dB", True, "psnr|v1")
    write_cell(layout, CellRecord(KEY, {}, 3, 1, 0, 0.25, "a", (), {"psnr.hole": score}), 2)
    return layout


@pytest.fixture
def packed(tmp_path: Path) -> RunLayout:
    layout = write_run(tmp_path / "out")
    pack_cells(layout, layout.packed_cells)
    shutil.rmtree(layout.cells)
    return layout


def test_a_packed_run_reads_as_before(packed: RunLayout, tmp_path: Path) -> None:
    before, after = read_run(write_run(tmp_path / "folder").out), read_run(packed.out)

    assert after.cells == before.cells
    assert [key.protocol for key in after.missing] == [key.protocol for key in before.missing] == ["object@1"]
    assert repr(after.records(KEY)) == repr(before.records(KEY))  # as text, since NaN differs from itself
    assert after.values(KEY).samples == ("a", "b", "c")


def test_the_same_records_give_the_same_bytes(packed: RunLayout, tmp_path: Path) -> None:
    other = write_run(tmp_path / "elsewhere")
    (other.cell(KEY) / "gallery").mkdir()
    (other.cell(KEY) / "gallery" / "a.png").write_bytes(b"picture")
    pack_cells(other, other.packed_cells)

    assert other.packed_cells.read_bytes() == packed.packed_cells.read_bytes()


def rewrite(packed: RunLayout, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(lzma.decompress(packed.packed_cells.read_bytes()))
    change(data)
    packed.packed_cells.write_bytes(lzma.compress(json.dumps(data).encode()))


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_truncated_pack_is_refused(packed: RunLayout, cut: int) -> None:
    packed.packed_cells.write_bytes(packed.packed_cells.read_bytes()[:cut])

    with pytest.raises(UsageError, match=r"cells\.json\.xz must be whole; found one that does not unpack"):
        _ = read_run(packed.out).cells


@pytest.mark.parametrize("place", [30, 200, -30])
def test_a_flipped_bit_is_found(packed: RunLayout, place: int) -> None:
    content = bytearray(packed.packed_cells.read_bytes())
    content[place] ^= 4
    packed.packed_cells.write_bytes(content)

    with pytest.raises(UsageError, match=r"cells\.json\.xz must be whole"):
        _ = read_run(packed.out).cells


def test_an_edited_number_is_found(packed: RunLayout) -> None:
    def edit(data: dict[str, Any]) -> None:
        name = f"{CELL}/samples-0001.jsonl"
        data["files"][name] = data["files"][name].replace("2.0", "9.0")

    rewrite(packed, edit)

    with pytest.raises(UsageError, match=r"samples-0001\.jsonl with another SHA-256"):
        read_run(packed.out).values(KEY)


def test_a_lost_file_is_found(packed: RunLayout) -> None:
    rewrite(packed, lambda data: data["files"].pop(f"{CELL}/samples-0000.jsonl"))

    with pytest.raises(UsageError, match=r"samples-0000\.jsonl is not in the packed cells"):
        read_run(packed.out).values(KEY)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/a/b/c/d", "a/b/c/d", "a/../c/d/e", "a/b/c/d/e/f", ""])
def test_a_path_out_of_the_cells_is_refused(packed: RunLayout, name: str) -> None:
    rewrite(packed, lambda data: data["files"].update({name: "x"}))

    with pytest.raises(UsageError, match="must name files as MODEL/FINGERPRINT/PROTOCOL/DATASET/FILE"):
        _ = read_run(packed.out).cells


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(format=9), "field format of .* must be 1"),
        (lambda data: data.pop("files"), "field files of .* must be an object"),
        (lambda data: data["files"].update({f"{CELL}/done": 3}), "done of .* must be text"),
    ],
)
def test_another_content_is_refused(
    packed: RunLayout, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    rewrite(packed, change)

    with pytest.raises(UsageError, match=message):
        _ = read_run(packed.out).cells


def test_cells_stand_in_one_place(packed: RunLayout) -> None:
    packed.cells.mkdir()

    with pytest.raises(UsageError, match=r"hold its cells once; found both cells/ and cells\.json\.xz"):
        _ = read_run(packed.out).cells
