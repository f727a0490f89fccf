"""Shares of a run, in folders of their own, unite to the run of the whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import RunConflict, UsageError
from bench.evaluation.merging.merge import merge_runs
from bench.evaluation.merging.share import Share
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import RunLayout, read_run
from bench.records.store import pack_cells
from tests.support.direct_engine import DirectEngine

Write = Callable[..., Path]


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a run but its lock."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@given(st.integers(0, 60), st.integers(1, 20))
def test_shares_are_disjoint_complete_and_even(shards: int, count: int) -> None:
    shares = [[shard for shard in range(shards) if Share(number, count).holds(shard)] for number in range(1, count + 1)]

    assert sorted(chain.from_iterable(shares)) == list(range(shards))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["3", "0/8", "9/8", "a/b", "1/0", "-1/2", "1/2/3", "", "1.5/2", "²/8"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shard must be I/N with I from 1 to N"):
        Share.parse(text)


@pytest.fixture
def suite(picture_folder: Write, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Twelve pictures in six shards of two."""
    monkeypatch.setattr("bench.evaluation.plan.SHARD_SIZE", 2)
    monkeypatch.setattr("bench.evaluation.reduction.manifest.SHARD_SIZE", 2)
    root = picture_folder(11, size=32)
    suite = Suite("test", models=("mean", "telea"), protocols=("center-50", "object"), metrics=("psnr", "l1"))
    return replace(suite, dataset="folder", size="32", data_root=str(root), gallery=3)


def run_shares(suite: Suite, folder: Path, count: int, numbers: Iterable[int] = (), **options: Any) -> list[Path]:
    outs = [folder / f"share-{number}" for number in numbers or range(1, count + 1)]
    for out in outs:
        run_suite(suite, out, share=Share(int(out.name[6:]), count), **options)
    return outs


def test_shares_unite_to_the_very_files_of_one_run(suite: Suite, tmp_path: Path) -> None:
    run_suite(suite, tmp_path / "whole", keep_fills=True)
    outs = run_shares(suite, tmp_path, 3, keep_fills=True)
    assert [read_run(out).cells for out in outs] == [{}] * 3
    shutil.rmtree(Path(str(suite.data_root)))

    outcome = merge_runs([outs[2], outs[0], outs[1]], tmp_path / "merged")

    assert (outcome.missing, outcome.shares) == ((), ())
    assert tree(tmp_path / "merged") == tree(tmp_path / "whole")


def colours(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """In the place of Inception: mean colours of two halves, uint8 [N, 3, H, W] -> float32 [N, 6]."""
    return torch.cat([half.float().mean(dim=(2, 3)) for half in pictures.chunk(2, dim=3)], dim=1)


def test_features_of_shares_unite_to_the_very_files_of_one_run(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.evaluation.measurement.find_set", lambda _: {})
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.completed_features", colours)
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.true_features", colours)
    plain = replace(suite, models=("mean",), protocols=("center-50",), gallery=0)
    suite = replace(plain, metrics=(*plain.metrics, "fid", "kid", "torchmetrics-psnr"))
    run_suite(suite, tmp_path / "whole")
    first, second = tmp_path / "first", tmp_path / "second"
    run_suite(plain, first, share=Share(1, 2))  # the features come later
    run_suite(suite, first, share=Share(1, 2), executor=DirectEngine())
    run_suite(suite, second, share=Share(2, 2))
    (overlap,) = run_shares(suite, tmp_path / "other", 3, [2])

    merge_runs([second, overlap, first], tmp_path / "merged")

    (cell,) = read_run(tmp_path / "merged").cells.values()
    assert all(cell.metrics[f"{name}.full"].value is not None for name in ("fid", "kid", "torchmetrics-psnr"))
    found, whole = tree(tmp_path / "merged" / "cells"), tree(tmp_path / "whole" / "cells")
    assert found == whole
    assert sum(name.endswith(".npz") for name in found) == 6
    packs = sorted((second / "cells").rglob("*.npz"))
    packs[0].write_bytes(packs[0].read_bytes()[:-40])
    with pytest.raises(UsageError, match=f"{packs[0].name} must be as the run wrote it; found features"):
        merge_runs([second, first], tmp_path / "again")
    packs[0].unlink()
    (missing,) = merge_runs([second, first], tmp_path / "again").missing
    assert len(missing.shards) == 1


def test_what_is_missing_is_said_and_comes_later(suite: Suite, tmp_path: Path) -> None:
    run_suite(suite, tmp_path / "whole")
    outs = run_shares(suite, tmp_path, 3)

    outcome = merge_runs([outs[0], outs[2]], tmp_path / "merged")

    assert outcome.shares == ("2/3",)
    assert outcome.run.cells == {}
    assert str(outcome.missing[0]) == (
        "mean on center-50@1 lacks 4 of 11 pictures (the first is p002; shards '1', '4')"
    )
    merge_runs([outs[1]], tmp_path / "merged")
    assert tree(tmp_path / "merged") == tree(tmp_path / "whole")
    run_suite(suite, tmp_path / "merged")
    assert tree(tmp_path / "merged") == tree(tmp_path / "whole")


def test_shares_in_one_folder_make_it_whole(suite: Suite, tmp_path: Path) -> None:
    run_suite(suite, tmp_path / "whole")
    for number in (2, 1):
        run_suite(suite, tmp_path / "out", share=Share(number, 2))

    found, whole = tree(tmp_path / "out"), tree(tmp_path / "whole")
    assert {name: found[name] for name in found if name != ".manifest.json"} == {
        name: whole[name] for name in whole if name != ".manifest.json"
    }


def test_runs_with_other_models_unite(suite: Suite, tmp_path: Path) -> None:
    run_suite(suite, tmp_path / "whole")
    for model in suite.models:
        run_suite(replace(suite, models=(model,)), tmp_path / model)

    merge_runs([tmp_path / "mean", tmp_path / "telea"], tmp_path / "merged")

    assert [key.model for key in read_run(tmp_path / "merged").cells] == ["mean", "mean", "telea", "telea"]
    merged, whole = tree(tmp_path / "merged" / "cells"), tree(tmp_path / "whole" / "cells")
    assert {name: merged[name] for name in merged if "gallery" not in name} == {
        name: whole[name] for name in whole if "gallery" not in name
    }


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"seed": 1}, r"another seed \(0 and 1\)"),
        ({"name": "other"}, r"another suite \(test and other\)"),
        ({"limit": 8}, "another limit"),
        ({"size": "24"}, r"another picture size \(32 and 24\)"),
        ({"metrics": ("psnr",)}, "another list or definition of metrics"),
    ],
)
def test_parts_of_other_runs_are_refused(suite: Suite, tmp_path: Path, changes: dict[str, Any], found: str) -> None:
    run_suite(suite, tmp_path / "a", share=Share(1, 2))
    run_suite(replace(suite, **changes), tmp_path / "b", share=Share(2, 2))

    with pytest.raises(UsageError, match=f"a and .*b must hold parts of one run; found .*{found}"):
        merge_runs([tmp_path / "a", tmp_path / "b"], tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_other_code_and_other_weights_are_refused(suite: Suite, tmp_path: Path) -> None:
    outs = run_shares(suite, tmp_path, 2)
    run_file, manifest = RunLayout(outs[1]).run_file, RunLayout(outs[1]).manifest
    info, text = run_file.read_text(), manifest.read_text()

    fingerprint = read_run(outs[1]).info.models[1].fingerprint
    run_file.write_text(info.replace(fingerprint, "0" * 64))
    with pytest.raises(
        UsageError, match=r"model 'telea' must be one model in .*share-1 and .*share-2; found other weig"
    ):
        merge_runs(outs, tmp_path / "out")
    run_file.write_text(info)
    manifest.write_text(text.replace('"code":"', '"code":"0'))
    with pytest.raises(UsageError, match="another code version"):
        merge_runs(outs, tmp_path / "out")
    manifest.unlink()
    with pytest.raises(UsageError, match=r"share-2 must hold a manifest .*; found no \.manifest\.json"):
        merge_runs(outs, tmp_path / "out")


def test_equal_results_count_once_and_others_are_refused(suite: Suite, tmp_path: Path) -> None:
    run_suite(suite, tmp_path / "whole")
    outs = [*run_shares(suite, tmp_path, 2), *run_shares(suite, tmp_path / "other", 3, [2])]

    merge_runs(outs, tmp_path / "merged")

    assert tree(tmp_path / "merged" / "cells") == tree(tmp_path / "whole" / "cells")
    for file in (outs[2] / "cells" / "telea").rglob("*.jsonl"):
        *lines, _ = file.read_text().splitlines(keepends=True)
        file.write_text("".join(lines).replace('"l1.full":', '"l1.full":1'))  # without a checksum, as it once was
    with pytest.raises(
        UsageError, match=r"'p00\d' of telea on center-50@1 .*share-\d and .*other/share-2; found another l1.full"
    ):
        merge_runs(outs, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_folders_that_cannot_be_merged(suite: Suite, tmp_path: Path) -> None:
    (out,) = run_shares(suite, tmp_path, 2, [1])
    with pytest.raises(UsageError, match="folders to merge must be named; found none"):
        merge_runs([], tmp_path / "new")
    for folders, into in (([out, out / ".." / out.name], tmp_path / "new"), ([out], out)):
        with pytest.raises(UsageError, match="must be named once"):
            merge_runs(folders, into)
    with pytest.raises(UsageError, match=r"must hold a run of format 3; found no run\.json"):
        merge_runs([tmp_path / "nothing"], tmp_path / "new")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(RunConflict, match="files that no run wrote"):
        merge_runs([out], tmp_path / "other")
    (torn,) = list((out / "cells" / "mean").rglob("new-*.jsonl"))[:1]
    torn.write_text(torn.read_text()[:-9])
    with pytest.raises(UsageError, match=f"file .*{torn.name} must be as the run wrote it; found lines that do not"):
        merge_runs([out], tmp_path / "new")
    run_suite(suite, out)
    pack_cells(RunLayout(out), RunLayout(out).packed_cells)
    shutil.rmtree(out / "cells")
    with pytest.raises(UsageError, match=r"share-1 must hold cells/; found a packed run, cells\.json\.xz"):
        merge_runs([out], tmp_path / "new")
    assert not (tmp_path / "new").exists()
