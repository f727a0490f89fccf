from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import bench
from bench.errors import Failure, RunConflict, UnknownName, UsageError
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import read_run
from bench.vocabulary import Batch, Dataset, Inpainter, Prediction, Sample


def _tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _suite(root: Path, **changes: object) -> Suite:
    suite = Suite("test", models=("mean", "telea"), protocols=("center-50", "object"), dataset="folder", size="48")
    return suite.with_changes(data_root=str(root), **changes)


def test_numbers_are_those_of_the_metrics(pictures: Dataset, tmp_path: Path) -> None:
    run = bench.evaluate(["mean"], pictures, ["center-50"], ["psnr", "l1"], tmp_path / "out")

    (key,) = run.cells
    for record, sample in zip(run.records(key), pictures, strict=True):
        hole = np.zeros((48, 48), bool)
        hole[12:36, 12:36] = True
        colour = np.rint(sample.image[~hole].astype(float).mean(0))
        error = sample.image[hole].astype(float) - colour
        assert record.sample == sample.id
        assert record.values["psnr.hole"] == pytest.approx(10 * np.log10(255**2 / (error**2).mean()), abs=1e-9)
        assert record.values["l1.full"] == pytest.approx(np.abs(error).sum() / 48 / 48 / 3 / 2.55, abs=1e-9)
    score = run.cells[key].metrics["psnr.hole"]
    values = [record.values["psnr.hole"] for record in run.records(key)]
    assert score.value == pytest.approx(np.mean(values), abs=1e-12)
    assert score.ci95 is not None
    assert score.ci95[0] < np.mean(values) < score.ci95[1]
    assert score.signature.endswith("|size:48x48|n:20")
    assert run.cells[key].metrics["psnr.known"].n_infinite == 20


def test_a_second_run_asks_no_model(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    first, second = flat_model(), flat_model()
    bench.evaluate([first], pictures, ["center-50", "half-left"], out=tmp_path / "out")
    before = _tree(tmp_path / "out")

    bench.evaluate([second], pictures, ["center-50", "half-left"], out=tmp_path / "out")

    assert sorted(first.asked) == sorted([*pictures.ids, *pictures.ids])
    assert second.asked == []
    assert _tree(tmp_path / "out") == before


def test_another_fingerprint_is_another_cell(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    bench.evaluate([flat_model()], pictures, out=tmp_path / "out")
    changed = flat_model(fingerprint="0" * 64)

    run = bench.evaluate([changed], pictures, out=tmp_path / "out")

    assert len(changed.asked) == 20
    assert [key.fingerprint for key in run.cells] == ["0" * 64]


def test_only_missing_shards_run_again(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    run = bench.evaluate([flat_model()], pictures, out=tmp_path / "out")
    before = _tree(tmp_path / "out")
    (key,) = run.cells
    run.layout.done(key).unlink()
    run.layout.shard(key, 1).write_text(run.layout.shard(key, 1).read_text()[:-7])

    again = flat_model()
    bench.evaluate([again], pictures, out=tmp_path / "out")

    assert again.asked == list(pictures.ids)[16:]
    assert _tree(tmp_path / "out") == before


def test_models_join_a_run_and_keep_their_order(pictures: Dataset, tmp_path: Path) -> None:
    bench.evaluate(["telea"], pictures, out=tmp_path / "out")

    run = bench.evaluate(["mean"], pictures, out=tmp_path / "out")

    assert [key.model for key in run.cells] == ["telea", "mean"]


def test_a_folder_with_another_run_is_refused(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    root, other = picture_folder(8), picture_folder(8, name="other")
    for path in (other / "images").iterdir():
        Image.fromarray(np.asarray(Image.open(path))[::-1]).save(path)
    run_suite(_suite(root), tmp_path / "out")
    before = _tree(tmp_path / "out")

    for place, changes, found in (
        (root, {"seed": 1}, "seed"),
        (root, {"size": "40"}, "dataset"),
        (other, {}, "dataset"),
    ):
        with pytest.raises(RunConflict, match=f"must be empty or hold this run; found a run with another {found}"):
            run_suite(_suite(place, **changes), tmp_path / "out")

    assert _tree(tmp_path / "out") == before


def test_a_folder_with_other_files_is_refused(pictures: Dataset, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()

    with pytest.raises(RunConflict, match="files that no run wrote"):
        bench.evaluate(["mean"], pictures, out=tmp_path / "out")


@pytest.mark.parametrize("kind", ["profile", "load"])
def test_a_folder_with_measured_cost_takes_a_run(kind: str, pictures: Dataset, tmp_path: Path) -> None:
    (tmp_path / "out" / kind).mkdir(parents=True)
    (tmp_path / "out" / "tables").mkdir()

    assert len(bench.evaluate(["mean"], pictures, metrics=["l1"], out=tmp_path / "out").cells) == 1


class Misbehaving:
    """Does one deed to the batch when a victim is in it."""

    def __init__(self, base: Inpainter, deed: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
        self.name, self.fingerprint, self.label_sources = "bad", "b" * 64, base.label_sources
        self._base, self._deed = base, deed

    def inpaint(self, batch: Batch) -> Prediction:
        image = self._base.inpaint(batch).image
        for row in [row for row, sample in enumerate(batch.ids) if sample in ("p003", "p017")]:
            image = self._deed(image, row)
        return Prediction(image)


def _spoil(value: float) -> Callable[[torch.Tensor, int], torch.Tensor]:
    return lambda image, row: image.index_fill(0, torch.tensor([row]), value)


def _raise(_: torch.Tensor, row: int) -> torch.Tensor:
    raise ZeroDivisionError("oh\ndear")


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (_spoil(float("nan")), "be finite"),
        (_spoil(127.5), "lie in 0 to 1"),
        (lambda image, _: image[:, :, :7, :7], "have shape"),
        (_raise, "ZeroDivisionError: oh\ndear"),
    ],
)
def test_a_failure_is_recorded_and_the_rest_goes_on(
    pictures: Dataset,
    tmp_path: Path,
    flat_model: type,
    deed: Callable[[torch.Tensor, int], torch.Tensor],
    reason: str,
) -> None:
    run = bench.evaluate([Misbehaving(flat_model(), deed), "mean"], pictures, out=tmp_path / "out")

    bad, good = run.cells.values()
    assert (bad.n, bad.n_failed, bad.metrics["psnr.hole"].n) == (20, 2, 18)
    assert [failure.samples for failure in bad.failures] == [("p003", "p017")]
    assert reason in bad.failures[0].reason
    assert (good.n, good.n_failed) == (20, 0)
    others = [record for record in run.records(bad.key) if record.status == "ok"]
    assert len(others) == 18
    assert all(record.values for record in others)


def test_workers_and_order_do_not_matter(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = picture_folder(20)
    run_suite(_suite(root), tmp_path / "one")

    run_suite(_suite(root), tmp_path / "two", workers=2)

    assert _tree(tmp_path / "two") == _tree(tmp_path / "one")


KILLED_RUN = """
import os, signal, sys
from pathlib import Path

root, out, victim = sys.argv[1:]


def kill(event, arguments):
    # A file is written under another name and renamed when it is whole.
    if event == "os.rename" and os.fspath(arguments[1]).startswith(out) and os.fspath(arguments[1]).endswith(victim):
        os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(kill)

from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite

names = dict(models=("mean", "telea"), protocols=("center-50", "object"))
run_suite(Suite("test", **names, dataset="folder", size="48", data_root=root), Path(out))
"""


def test_killed_at_any_moment_the_next_run_makes_the_same_bytes(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    root, out = picture_folder(40), tmp_path / "killed"
    run_suite(_suite(root), tmp_path / "whole")
    whole = _tree(tmp_path / "whole")
    for victim in ("run.json", "samples-0001.jsonl", "cell.json"):  # early, amid the gallery and the shards, late
        command = [sys.executable, "-c", KILLED_RUN, str(root), str(out), victim]
        done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        assert done.returncode == -signal.SIGKILL
        assert not {name for name in whole if name.endswith(victim)} & set(_tree(out))

    run_suite(_suite(root), out)

    assert _tree(out) == whole


class _Watched:
    """Pictures that tell when one is asked for."""

    def __init__(self, pictures: Dataset, place: int) -> None:
        self._pictures, self._place, self.asked = pictures, place, threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pictures, name)

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        if index == self._place:
            self.asked.set()
        return self._pictures[index]


class _Doing:
    """A model that does something before its first answer."""

    def __init__(self, base: Inpainter, deed: Callable[[], object]) -> None:
        self.name, self.fingerprint, self.label_sources = "doing", "d" * 64, base.label_sources
        self._base, self._deed, self._begun = base, deed, False

    def inpaint(self, batch: Batch) -> Prediction:
        if not self._begun:
            self._begun = True
            self._deed()
        return self._base.inpaint(batch)


def test_the_next_pictures_are_loaded_while_the_model_works(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    watched = _Watched(pictures, place=19)  # in the second shard
    seen: list[bool] = []
    model = _Doing(flat_model(), lambda: seen.append(watched.asked.wait(300)))

    bench.evaluate([model], watched, out=tmp_path / "out")

    assert seen == [True]


def test_ctrl_c_in_a_model_ends_the_run_and_its_threads(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.evaluate([_Doing(flat_model(), interrupt)], pictures, out=tmp_path / "out")

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
    assert not list((tmp_path / "out").rglob("samples-*.jsonl"))
    bench.evaluate([_Doing(flat_model(), lambda: None)], pictures, out=tmp_path / "out")
    bench.evaluate([_Doing(flat_model(), lambda: None)], pictures, out=tmp_path / "whole")
    assert _tree(tmp_path / "out") == _tree(tmp_path / "whole")


def test_reuse_never_and_only_cache(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    suite = Suite("test", models=(), protocols=("center-50",), dataset="folder")
    with pytest.raises(Failure, match="missing cells flat"):
        run_suite(suite, tmp_path / "out", dataset=pictures, models=[flat_model()], reuse="only-cache")

    run_suite(suite, tmp_path / "out", dataset=pictures, models=[flat_model()])
    cached, again = flat_model(), flat_model()
    run_suite(suite, tmp_path / "out", dataset=pictures, models=[cached], reuse="only-cache")
    run_suite(suite, tmp_path / "out", dataset=pictures, models=[again], reuse="never")

    assert (len(cached.asked), len(again.asked)) == (0, 20)


def test_skipped_samples_are_counted(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = picture_folder(20)
    for name in ("p000", "p005"):
        Image.fromarray(np.zeros((48, 48), np.uint8)).save(root / "labels" / f"{name}.png")

    run = run_suite(_suite(root, models=("mean",), protocols=("object-removal",)), tmp_path / "out").run

    (cell,) = run.cells.values()
    assert (cell.n, cell.n_skipped, cell.n_failed, cell.metrics["psnr.known"].n) == (20, 2, 0, 18)
    assert cell.failures[0].samples == ("p000", "p005")


def test_a_drifted_environment_is_said(pictures: Dataset, tmp_path: Path) -> None:
    bench.evaluate(["mean"], pictures, out=tmp_path / "out")
    file = tmp_path / "out" / "run.json"
    info = json.loads(file.read_text())
    info["versions"]["numpy"] = "1.0"
    file.write_text(json.dumps(info))
    suite = Suite("evaluate", models=("mean",), dataset="folder", split="as given", size="as given")

    outcome = run_suite(suite, tmp_path / "out", dataset=pictures)

    assert [warning.split()[:3] for warning in outcome.warnings] == [["numpy", "was", "1.0"]]


def test_two_runs_at_once_are_refused(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    class Nested(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            with pytest.raises(RunConflict, match="one command at a time"):
                bench.evaluate(["mean"], pictures, out=tmp_path / "out")
            return super().inpaint(batch)  # type: ignore[no-any-return]

    run = bench.evaluate([Nested()], pictures, out=tmp_path / "out")

    assert next(iter(run.cells.values())).n_failed == 0


def test_names_are_checked_before_anything_is_written(pictures: Dataset, tmp_path: Path) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"models": ["tela"]}, "telea"),
        ({"protocols": ["centre-50"]}, "center-50"),
        ({"metrics": ["pnsr"]}, "psnr"),
    ]
    for wrong, right in cases:
        with pytest.raises(UnknownName, match=f"Did you mean .*{right}"):
            bench.evaluate(**{"models": ["mean"], "dataset": pictures, "out": tmp_path / "out", **wrong})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="named once"):
        bench.evaluate(["mean", "mean"], pictures, out=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_what_is_in_memory_stays_in_one_process(pictures: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="workers must be 1"):
        run_suite(Suite("test"), tmp_path / "out", dataset=pictures, workers=2)


def test_the_device_must_be_there(pictures: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="device 'cuda:77' must be one of this machine"):
        bench.evaluate(["mean"], pictures, out=tmp_path / "out", device="cuda:77")


def test_gallery_pictures_are_the_composited_fills(pictures: Dataset, tmp_path: Path) -> None:
    run = bench.evaluate(["mean"], pictures, out=tmp_path / "out")

    (key,) = run.cells
    smallest = sorted(pictures.ids, key=lambda name: hashlib.sha256(name.encode()).digest())[:4]
    assert run.info.gallery == tuple(sorted(smallest))
    for sample in run.info.gallery:
        truth, fill = (
            np.asarray(Image.open(path)) for path in (run.layout.truth(sample), run.layout.fill(key, sample))
        )
        hole = np.asarray(Image.open(run.layout.hole("center-50@1", sample))) > 0
        assert (truth == pictures[list(pictures.ids).index(sample)].image).all()
        assert (fill[~hole] == truth[~hole]).all()
        assert len(np.unique(fill[hole], axis=0)) == 1
    shutil.rmtree(tmp_path / "out")


def test_gallery_label_maps_are_kept(pictures: Dataset, tmp_path: Path, flat_model: type) -> None:
    class Labelling(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            labels = batch.hole[:, 0].to(torch.uint8)
            return Prediction(super().inpaint(batch).image, labels)

    run = bench.evaluate([Labelling()], pictures, out=tmp_path / "out")

    (key,) = run.cells
    for sample in run.info.gallery:
        true, predicted = (
            np.asarray(Image.open(path))
            for path in (run.layout.labels(sample), run.layout.predicted_labels(key, sample))
        )
        hole = np.asarray(Image.open(run.layout.hole("center-50@1", sample))) > 0
        assert (true == pictures[list(pictures.ids).index(sample)].labels).all()
        assert (predicted == hole).all()


def test_reading_back_gives_the_same_run(pictures: Dataset, tmp_path: Path) -> None:
    run = bench.evaluate(["mean"], pictures, out=tmp_path / "out")

    assert read_run(tmp_path / "out").cells == run.cells
