from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench
import bench.data
import bench.masks
from bench.errors import DataError, Failure, UsageError
from bench.evaluation.export import export_holes, export_predictions
from bench.evaluation.plan import resolve
from bench.evaluation.suite import Suite
from bench.evaluation.workers.prediction_task import PredictionTask
from bench.vocabulary import Batch, Dataset, Prediction
from tests.support.direct_engine import Alone, DirectEngine
from tests.support.small_run import tree

PROTOCOLS = ("center-50", "freeform")


def _plan(pictures: Dataset, out: Path, models: list[object]):  # type: ignore[no-untyped-def]
    return resolve(Suite("test", protocols=PROTOCOLS), out, dataset=pictures, models=models)  # type: ignore[arg-type]


def test_holes_and_inputs_are_those_of_a_run(pictures: Dataset, tmp_path: Path) -> None:
    files = export_holes(_plan(pictures, tmp_path, []), tmp_path / "holes")

    manifest = json.loads(files[0].read_text())
    assert [file.name for file in files] == ["manifest.json", "center-50@1.png", "freeform@1.png"]
    assert not (tmp_path / "holes" / "prompts.json").exists()
    for sample in pictures:
        for protocol in manifest["protocols"]:
            hole = bench.masks.draw(protocol, height=48, width=48, key=sample.id, seed=0)
            folder = tmp_path / "holes" / protocol
            assert (np.asarray(Image.open(folder / "holes" / f"{sample.id}.png")) == hole * np.uint8(255)).all()
            shown = np.asarray(Image.open(folder / "inputs" / f"{sample.id}.png"))
            assert (shown == np.where(hole[..., None], 0, sample.image)).all()
            entry = manifest["protocols"][protocol][sample.id]
            assert entry == {"sha256": hashlib.sha256(hole.tobytes()).hexdigest(), "share": float(hole.mean())}


def test_texts_go_with_the_holes(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    root, texts = picture_folder(2), {"p000": "été", "p001": "a house"}
    (root / "prompts.json").write_text(json.dumps(texts), encoding="utf-8")

    export_holes(_plan(bench.data.load("folder", size=(48, 48), root=root), tmp_path, []), tmp_path / "holes")

    assert json.loads((tmp_path / "holes" / "prompts.json").read_text(encoding="utf-8")) == texts


def test_predict_then_score_is_run(pictures: Dataset, tmp_path: Path) -> None:
    direct = bench.evaluate(["telea"], pictures, PROTOCOLS, out=tmp_path / "direct")

    assert export_predictions(_plan(pictures, tmp_path, ["telea"]), tmp_path / "made") == 40
    scored = bench.evaluate([f"again=folder:{tmp_path / 'made' / 'telea'}"], pictures, PROTOCOLS, out=tmp_path / "out")

    for a, b in zip(direct.cells, scored.cells, strict=True):
        assert [record.values for record in direct.records(a)] == [record.values for record in scored.records(b)]
        assert direct.cells[a].holes_sha256 == scored.cells[b].holes_sha256
        assert b.model == "again"


def test_failures_of_a_model_end_in_an_error_after_the_rest(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    class Picky(flat_model):  # type: ignore[misc]
        def inpaint(self, batch: Batch) -> Prediction:
            if "p003" in batch.ids:
                raise RuntimeError("not this one")
            return super().inpaint(batch)  # type: ignore[no-any-return]

    with pytest.raises(Failure, match=r"2 failures, flat on center-50@1, p003.*not this one"):
        export_predictions(_plan(pictures, tmp_path, [Picky()]), tmp_path / "made")

    assert len(list((tmp_path / "made").rglob("*.png"))) == 38


def test_an_engine_writes_the_same_files(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    suite = Suite("test", ("telea", "mean"), PROTOCOLS, (), "folder", size="48", data_root=str(picture_folder(18)))
    plan = resolve(suite, tmp_path)

    assert export_predictions(plan, tmp_path / "here") == 72
    assert export_predictions(plan, tmp_path / "there", executor=DirectEngine()) == 72
    with pytest.raises(Failure) as caught:
        export_predictions(
            plan, tmp_path / "lost", executor=DirectEngine(lost=(1,)), crashed={"big": "SIGKILL at the loading"}
        )

    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert caught.value.exit_code == 3
    assert (
        "loaded a model: big: SIGKILL at the loading; workers that died twice at the same pictures: telea on "
        in str(caught.value)
    )
    assert "center-50@1, 2 pictures from p016 to p017: SIGSEGV at picture p003. All other" in str(caught.value)
    left = tree(tmp_path / "here").items() - tree(tmp_path / "lost").items()
    assert {name for name, _ in left} == {f"telea/center-50@1/p01{digit}.png" for digit in "67"}
    task = PredictionTask.of(plan, tmp_path)
    with pytest.raises(UsageError, match="have what the run began with; found another 'model telea'"):
        replace(task, parts={**task.parts, "model telea": "0"}).start(Alone())


@pytest.fixture
def predictions(pictures: Dataset, tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for sample in pictures:
        Image.fromarray(sample.image).save(folder / f"{sample.id}.png")
    return folder


def _rename(folder: Path) -> None:
    (folder / "p003.png").rename(folder / "other.png")


def _double(folder: Path) -> None:
    Image.new("RGB", (48, 48)).save(folder / "p003.jpg")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_rename, r"1 missing \(p003\); 1 extra \(other\)"),
        (_double, r"'p003' must name one file; found p003.jpg and p003.png"),
        (lambda folder: [file.unlink() for file in folder.glob("p00*.png")], r"10 missing \(p000, .*p004, \.\.\.\)"),
    ],
)
def test_names_that_do_not_pair(
    pictures: Dataset, tmp_path: Path, predictions: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(predictions)

    with pytest.raises(DataError, match=message):
        bench.evaluate([f"folder:{predictions}"], pictures, out=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_names_of_lama_are_paired_and_told(
    pictures: Dataset, tmp_path: Path, predictions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exact = bench.evaluate([f"folder:{predictions}"], pictures, out=tmp_path / "exact")
    for file in list(predictions.iterdir()):
        file.rename(file.with_name(f"{file.stem}_mask001.PNG"))
    (predictions / "center-50").mkdir()
    for file in predictions.glob("*.PNG"):
        file.rename(predictions / "center-50" / file.name)

    named = bench.evaluate([f"folder:{predictions}"], pictures, out=tmp_path / "named")
    given = bench.evaluate([f"folder:{predictions}?pair={{id}}_mask001"], pictures, out=tmp_path / "given")

    for run in (named, given):
        (here,), (there,) = exact.cells, run.cells
        assert [one.output_sha256 for one in run.records(there)] == [one.output_sha256 for one in exact.records(here)]
    assert caplog.text.count("files are named {id}_mask001: p000 is p000_mask001") == 1
    assert next(iter(named.cells)).fingerprint != next(iter(given.cells)).fingerprint


def test_several_protocols_want_several_folders(pictures: Dataset, tmp_path: Path, predictions: Path) -> None:
    (predictions / "half-left@1").mkdir()

    with pytest.raises(DataError, match="half-left@1 must hold exactly one picture"):
        bench.evaluate([f"folder:{predictions}"], pictures, ["half-left"], out=tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no picture", "be a whole BMP, JPEG, PNG, TIFF or WebP picture"),
        (None, "be as large as its sample, 48x48; found 40x30"),
    ],
)
def test_a_bad_prediction_is_a_failed_sample(
    pictures: Dataset, tmp_path: Path, predictions: Path, content: bytes | None, reason: str
) -> None:
    if content is None:
        Image.new("RGB", (30, 40)).save(predictions / "p003.png")
    else:
        (predictions / "p003.png").write_bytes(content)

    run = bench.evaluate([f"folder:{predictions}"], pictures, out=tmp_path / "out")

    (cell,) = run.cells.values()
    assert cell.failures[0].samples == ("p003",)
    assert reason in cell.failures[0].reason
    assert cell.metrics["psnr.hole"].n_infinite == 19


def test_the_raw_output_is_measured_on_known_pixels(pictures: Dataset, tmp_path: Path, predictions: Path) -> None:
    for file in predictions.iterdir():
        image = np.asarray(Image.open(file)).astype(int)
        Image.fromarray(np.clip(image + np.where(image < 128, 2, -2), 0, 255).astype(np.uint8)).save(file)

    run = bench.evaluate([f"folder:{predictions}"], pictures, out=tmp_path / "out")

    scores = next(iter(run.cells.values())).metrics
    expected = 10 * np.log10(255**2 / 4)
    assert scores["psnr.known"].value == pytest.approx(expected)
    assert scores["psnr.hole"].value == pytest.approx(expected)
    assert scores["psnr.full"].value == pytest.approx(expected + 10 * np.log10(4))  # composited: a quarter is hole


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_pictures(pictures: Dataset, tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "empty"
    if make:
        folder.mkdir()
    with pytest.raises(Exception, match=r"an empty folder|no such folder"):
        bench.evaluate([f"folder:{folder}"], pictures, out=tmp_path / "out")
