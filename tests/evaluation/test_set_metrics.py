from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
import bench.data
import bench.metrics
from bench.errors import ModelFailure, UsageError
from bench.evaluation.set_metrics import with_set_metrics
from bench.records import CellRecord, read_run
from bench.records.features import read_all_features, read_cell_features, write_features
from bench.vocabulary import Batch, Dataset, Prediction

SETS = ("fid", "fid-clean", "kid", "p-ids", "u-ids")


def colours(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """Features of pictures, uint8 [N, 3, H, W] -> float32 [N, 6]: mean colours of two halves."""
    halves = torch.cat([half.float().mean(dim=(2, 3)) for half in pictures.chunk(2, dim=3)], dim=1)
    return halves.mul(2 if kind == "fid-clean" else 1)


@pytest.fixture
def features_at_hand(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Inception is replaced by mean colours; the list counts how many untouched pictures were asked for."""
    asked: list[int] = []

    def of_truth(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
        asked.append(len(pictures))
        return colours(kind, pictures, device)

    monkeypatch.setattr("bench.evaluation.measurement.find_set", lambda _: {})
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.completed_features", colours)
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.true_features", of_truth)
    return asked


def expected(pictures: Dataset, kind: str = "fid") -> tuple[np.ndarray, np.ndarray]:
    """Features of the untouched pictures, and of the same with a grey square, as FlatModel and center-50 make them."""
    truth = torch.stack([torch.from_numpy(np.array(sample.image)).permute(2, 0, 1) for sample in pictures])
    completed = truth.clone()
    completed[:, :, 12:36, 12:36] = 128
    return colours(kind, truth, "cpu").numpy(), colours(kind, completed, "cpu").numpy()


@pytest.mark.usefixtures("features_at_hand")
def test_neighbours_and_slices_are_those_of_the_public_functions(
    pictures: Dataset, picture_folder: Callable[..., Path], tmp_path: Path, flat_model: type
) -> None:
    names = ("sliced-wasserstein", "precision", "recall", "density", "coverage", "fd-dinov2", "recall-dinov2")
    run = bench.evaluate([flat_model()], pictures, ["center-50"], names, tmp_path / "out")
    few = bench.data.load("folder", size=(48, 48), root=picture_folder(5, name="few"))
    small = bench.evaluate([flat_model()], few, ["center-50"], ["recall"], tmp_path / "small")

    (cell,) = run.cells.values()
    functions = [getattr(bench.metrics, name.replace("-", "_")) for name in names[:5]]
    assert [cell.metrics[f"{name}.full"].value for name in names[:5]] == [
        pytest.approx(function(*expected(pictures)), rel=1e-12) for function in functions
    ]
    assert cell.metrics["fd-dinov2.full"].value == pytest.approx(bench.metrics.fid(*expected(pictures)), rel=1e-12)
    assert cell.metrics["recall-dinov2.full"].value == cell.metrics["recall.full"].value
    assert cell.notes["recall.full"].startswith("N = 20 is below the 50,000 of the paper")
    (other,) = small.cells.values()
    assert other.metrics["recall.full"].value is None
    assert "must have at least 6 rows, one a picture; found 5" in other.notes["recall.full"]


@pytest.mark.usefixtures("features_at_hand")
def test_distances_are_those_of_the_public_functions(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["l1", "fid", "fid-clean", "kid"], tmp_path / "out")

    (cell,) = run.cells.values()
    fid, clean, kid = (cell.metrics[f"{name}.full"] for name in ("fid", "fid-clean", "kid"))
    assert fid.value == pytest.approx(bench.metrics.fid(*expected(pictures)), rel=1e-12)
    assert clean.value == pytest.approx(bench.metrics.fid(*expected(pictures, "fid-clean")), rel=1e-12)
    value, error = bench.metrics.kid(*expected(pictures))
    assert kid.value == pytest.approx(value, rel=1e-12)
    assert kid.ci95 == pytest.approx((value - 1.96 * error, value + 1.96 * error), rel=1e-4)
    assert (fid.n, fid.ci95, fid.n_undefined) == (20, None, 0)
    assert fid.signature.endswith("|ddof:1|agg:set|composite:yes|v1|size:48x48|n:20")
    assert "N = 20 is below the 2,048 features" in cell.notes["fid.full"]
    assert "kid.full" not in cell.notes
    assert all("fid" not in name for record in run.records(cell.key) for name in record.values)
    assert read_run(tmp_path / "out").cells[cell.key] == cell


@pytest.mark.usefixtures("features_at_hand")
def test_many_pictures_are_read_in_blocks_and_shards_that_lost_features_have_no_number(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["fid", "kid"], tmp_path / "out")
    (cell,) = run.cells.values()
    folder, metrics = run.layout.cell(cell.key), [bench.metrics.definition("fid"), bench.metrics.definition("kid")]
    every = read_cell_features(folder, "fid")
    assert every is not None
    monkeypatch.setattr("bench.evaluation.set_metrics.BLOCK", 7)

    def reduced() -> CellRecord:
        return with_set_metrics(cell, folder, metrics, run.info.metrics)

    found = reduced().metrics
    assert found["fid.full"].value == pytest.approx(cell.metrics["fid.full"].value, rel=1e-9)
    assert found["kid.full"] == cell.metrics["kid.full"]
    order = np.random.default_rng(0).permutation(20)  # the same pictures in other shards
    for shard, rows in enumerate((order[:3], order[3:])):
        parts = {"fid": every.completed[rows], "truth-fid": every.truth[rows]}
        write_features(run.layout.features(cell.key, shard), [every.samples[row] for row in rows], parts)
    assert reduced().metrics == found
    write_features(run.layout.features(cell.key, 0), [every.samples[row] for row in order[:3]], {})
    assert {score.value for score in reduced().metrics.values()} == {None}
    assert "must be there of 20 pictures; found files that are damaged" in reduced().notes["fid.full"]


@pytest.mark.usefixtures("features_at_hand")
def test_what_means_nothing_of_few_pictures_is_refused_with_a_note(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["p-ids", "u-ids"], tmp_path / "out")

    (cell,) = run.cells.values()
    for name in ("p-ids.full", "u-ids.full"):
        score = cell.metrics[name]
        assert (score.value, score.ci95, score.n, score.n_undefined) == (None, None, 0, 20)
        assert "must have at least 5000 pictures in both sets together; found 2N = 40" in cell.notes[name]


@pytest.mark.usefixtures("features_at_hand")
def test_failed_and_skipped_samples_are_in_neither_set(
    picture_folder: Callable[..., Path], tmp_path: Path, flat_model: type
) -> None:
    dataset = bench.data.load("folder", size=(48, 48), root=str(picture_folder(20)))

    class Picky(flat_model):  # type: ignore[misc]  # a fixture's class
        def inpaint(self, batch: Batch) -> Prediction:
            if {"p003", "p017"} & set(batch.ids):
                raise ModelFailure("the model", "like the picture", "another", "")
            return super().inpaint(batch)  # type: ignore[no-any-return]

    run = bench.evaluate([Picky()], dataset, ["center-50"], ["fid"], tmp_path / "out")

    (cell,) = run.cells.values()
    kept = [index for index in range(20) if index not in (3, 17)]
    real, fake = (features[kept] for features in expected(dataset))
    assert cell.metrics["fid.full"].value == pytest.approx(bench.metrics.fid(real, fake), rel=1e-12)
    assert (cell.metrics["fid.full"].n, cell.n_failed) == (18, 2)
    stored = read_cell_features(run.layout.cell(cell.key), "fid")
    assert stored is not None
    assert stored.samples == tuple(f"p{index:03d}" for index in kept)
    np.testing.assert_array_equal(stored.truth, real)
    np.testing.assert_array_equal(stored.completed, fake)


@pytest.mark.usefixtures("features_at_hand")
def test_a_cell_without_any_scored_sample_says_so(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    class Never(flat_model):  # type: ignore[misc]  # a fixture's class
        def inpaint(self, batch: Batch) -> Prediction:
            raise ModelFailure("the model", "work", f"a strike at {batch.ids}", "")

    run = bench.evaluate([Never()], pictures, ["center-50"], ["fid"], tmp_path / "out")

    (cell,) = run.cells.values()
    assert (cell.metrics["fid.full"].value, cell.notes["fid.full"]) == (None, "no picture was scored")
    again = Never()
    bench.evaluate([again], pictures, ["center-50"], ["fid"], tmp_path / "out")
    assert again.asked == []


@pytest.mark.usefixtures("features_at_hand")
def test_shards_without_their_features_run_again(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["fid"], tmp_path / "out")
    (key,) = run.cells
    before = {path.name: path.read_bytes() for path in run.layout.cell(key).iterdir() if path.is_file()}
    run.layout.done(key).unlink()
    run.layout.features(key, 1).write_bytes(before["features-0001.npz"][:-40])

    again = flat_model()
    bench.evaluate([again], pictures, ["center-50"], ["fid"], tmp_path / "out")

    assert again.asked == list(pictures.ids)[16:]
    assert {path.name: path.read_bytes() for path in run.layout.cell(key).iterdir() if path.is_file()} == before


@pytest.mark.usefixtures("features_at_hand")
def test_changed_features_are_found_out(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["fid"], tmp_path / "out")
    (key,) = run.cells
    write_features(run.layout.features(key, 0), ["p000"], {"fid": np.zeros((1, 6), np.float32)})

    with pytest.raises(UsageError, match=r"features-0000.npz with another SHA-256"):
        list(read_run(tmp_path / "out").files(key, "features"))


def test_without_weights_the_columns_are_left_out_with_a_reason(
    pictures: Dataset, tmp_path: Path, flat_model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    run = bench.evaluate([flat_model()], pictures, ["center-50"], [*SETS, "lpips-alex", "l1"], tmp_path / "out")

    assert set(run.info.unavailable) == {*SETS, "lpips-alex"}
    assert "SPGBENCH_WEIGHTS" in run.info.unavailable["lpips-alex"]
    assert "weights-inception-2015-12-05" in run.info.unavailable["kid"]
    (cell,) = run.cells.values()
    assert {name.partition(".")[0] for name in (*cell.metrics, *run.info.metrics)} == {"l1"}
    assert not list(run.layout.cell(cell.key).glob("features-*"))


def test_features_come_back_as_they_were_written(tmp_path: Path) -> None:
    path, values = tmp_path / "features-0000.npz", np.random.default_rng(0).random((2, 5)).astype(np.float32)
    write_features(path, ["a/b", "ü"], {"fid": values, "truth-fid": values + 1})
    first = path.read_bytes()

    found = read_all_features(path)

    assert list(found) == ["a/b", "ü"]
    np.testing.assert_array_equal(found["ü"]["truth-fid"], values[1] + 1)
    assert read_all_features(tmp_path / "none") == {}
    assert read_cell_features(tmp_path, "fid-clean") is None
    write_features(path, ["a/b", "ü"], {"fid": values, "truth-fid": values + 1})
    assert path.read_bytes() == first
    path.write_bytes(first[:100])
    assert read_all_features(path) == {}
    assert read_cell_features(tmp_path, "fid") is None
