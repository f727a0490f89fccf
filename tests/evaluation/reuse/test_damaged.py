"""Markers and records that disagree: said which, and only those shards run again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UsageError
from bench.evaluation.run import RunOutcome, run_suite
from bench.evaluation.suite import Suite
from bench.records import CellKey, Record, RunLayout, read_run
from bench.records.cell_store import Damage, SampleResult, read_results, write_batch
from bench.vocabulary import Inpainter

Write = Callable[..., Path]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def run(picture_folder: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunOutcome]:
    """Runs models on six pictures in three shards."""
    monkeypatch.setattr("bench.evaluation.plan.SHARD_SIZE", 2)
    monkeypatch.setattr("bench.evaluation.reduction.manifest.SHARD_SIZE", 2)
    suite = Suite("test", models=(), protocols=("center-50",), metrics=("psnr",), dataset="folder", size="32")
    suite = replace(suite, data_root=str(picture_folder(6, size=32)), gallery=0)

    def call(*models: Inpainter) -> RunOutcome:
        return run_suite(suite, tmp_path / "out", models=models)

    return call


def edit(old: str, new: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(file.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "deed", "again"),
    [
        ("samples-0001.jsonl", Path.unlink, ["p002", "p003"]),
        ("samples-0001.jsonl", lambda file: file.write_bytes(file.read_bytes()[:-20]), ["p002", "p003"]),
        ("samples-0001.jsonl", lambda file: file.write_bytes(b""), ["p002", "p003"]),
        ("samples-0001.jsonl", edit('"psnr.hole":', '"psnr.hole":1'), ["p002", "p003"]),
        ("samples-0001.jsonl", lambda file: shutil.copy(file, file.with_name("samples-0009.jsonl")), []),
        ("cell.json", edit('"value": ', '"value": 1'), []),
        ("cell.json", Path.unlink, []),
        ("done", lambda file: file.write_text("{"), []),
        ("done", lambda file: file.write_text("[]"), []),
        ("done", edit("samples-0001", "../samples-0001"), []),
    ],
)
def test_only_damaged_shards_run_again(
    run: Callable[..., RunOutcome],
    tmp_path: Path,
    flat_model: type,
    name: str,
    deed: Callable[[Path], object],
    again: list[str],
) -> None:
    before = run(flat_model()).run.cells
    files, model = tree(tmp_path / "out"), flat_model()
    (file,) = (tmp_path / "out").rglob(name)
    deed(file)

    outcome = run(model)

    assert model.asked == again
    assert any(str(file.parent) in warning and warning.endswith("run again") for warning in outcome.warnings)
    assert tree(tmp_path / "out") == files
    assert outcome.run.cells == before


def test_a_damaged_file_of_several_shards_runs_again_as_a_whole(
    run: Callable[..., RunOutcome], tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.records.manifest.MOST_FILES", 2)
    cells = run(flat_model()).run.cells
    files, model = tree(tmp_path / "out"), flat_model()
    first, second = sorted((tmp_path / "out").rglob("samples-*"))
    first.write_bytes(first.read_bytes()[:-20])

    outcome = run(model)

    assert model.asked == ["p000", "p001", "p002", "p003"]
    assert [len(file.read_text().splitlines()) for file in (first, second)] == [4, 2]
    assert tree(tmp_path / "out") == files
    assert outcome.run.cells == cells


def test_the_files_of_another_cell_are_found(run: Callable[..., RunOutcome], tmp_path: Path, flat_model: type) -> None:
    one, two = read_run(run(flat_model(), flat_model("other", "a" * 64)).run.layout.out).keys()
    layout, files = RunLayout(tmp_path / "out"), tree(tmp_path / "out")
    shutil.rmtree(layout.cell(two))
    shutil.copytree(layout.cell(one), layout.cell(two))
    with pytest.raises(UsageError, match="found the files of another cell, flat/"):
        _ = read_run(layout.out).cells
    first, second = flat_model(), flat_model("other", "a" * 64)

    outcome = run(first, second)

    assert (first.asked, len(second.asked)) == ([], 6)
    assert "a file of another cell: flat/" in outcome.warnings[0]
    assert tree(tmp_path / "out") == files


def test_a_batch_of_an_interrupted_run_is_checked(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path)
    one, two = (CellKey(name, "f" * 64, "center-50@1", "d", "e" * 64) for name in ("one", "two"))
    features = {"fid": np.ones(2, np.float32)}
    write_batch(layout, one, [SampleResult(Record("a", "ok", values={"psnr.hole": 1.0}), features)])
    (batch,), (pack,) = layout.cell(one).glob("*.jsonl"), layout.cell(one).glob("*.npz")
    assert read_results(layout, one)["a"][0].features["fid"].tolist() == [1, 1]

    shutil.copytree(layout.cell(one), layout.cell(two))
    pack.write_bytes(pack.read_bytes()[:-9])
    damaged: list[Damage] = []
    assert read_results(layout, one, damaged)["a"][0].features == {}
    assert read_results(layout, two, damaged) == {}
    whole = batch.read_text()
    batch.write_text(whole + json.dumps({"sample": "b"}) + "\n")
    assert read_results(layout, one, damaged) == {}

    records, seal = whole.splitlines(keepends=True)
    for edited in (records.replace("1.0", "7.0") + seal, records + seal[:-4] + "x" + seal[-3:]):
        batch.write_text(edited)
        assert read_results(layout, one) == {}
    batch.write_text(records)  # as earlier versions wrote it
    assert read_results(layout, one)["a"][0].record.values == {"psnr.hole": 1.0}

    lines = "lines that do not parse, were edited, or are of other pictures than its name says"
    copied = layout.cell(two) / batch.name
    assert damaged == [Damage(pack, "features that cannot be read"), Damage(copied, lines), Damage(batch, lines)]
