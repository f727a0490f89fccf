"""Predictions against true pictures of their names: what is paired, what is measured, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import bench.metrics
from bench.cli import app
from bench.errors import DataError, UsageError
from bench.evaluation import run_suite
from bench.evaluation.two_folders import check_folders, check_scores, folder_suite, name_rows
from bench.records import Run

SIZES = {"a": (24, 40), "b": (32, 32), "c": (40, 24)}
HOLE = (slice(6, 16), slice(5, 20))


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Pictures of three sizes in `truth`, masks of them, and two folders of predictions, which keep known pixels."""
    random = np.random.default_rng(0)
    for name, size in SIZES.items():
        truth = random.integers(60, 190, (*size, 3), dtype=np.uint8)
        mask = np.zeros(size, np.uint8)
        mask[HOLE] = 255
        save(tmp_path / "truth" / f"{name}.png", truth)
        save(tmp_path / "masks" / f"{name}_mask.png", mask)
        for folder, error in (("good", 4), ("poor", 40)):
            prediction = truth.copy()
            prediction[HOLE] += np.uint8(error)
            save(tmp_path / folder / f"{name}.png", prediction)
    return tmp_path


def scored(folders: Path, masks: str | None, metrics: tuple[str, ...] = ("psnr", "l1"), names: str = "") -> Run:
    predictions = [folders / "good", folders / "poor"]
    suite = folder_suite(name_rows(predictions, names.split()), folders / "truth", masks, metrics)
    assert check_folders(suite, folders / "truth", predictions) == []
    return run_suite(suite, folders / "out", device="cpu").run


def read(path: Path) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.open(path)).copy()).permute(2, 0, 1)[None]


def test_without_masks_whole_pictures_are_compared(folders: Path) -> None:
    run = scored(folders, None, ("psnr", "l1", "gradient"), "fine bad")

    assert run.info.protocols == ("whole@1",)
    assert set(run.info.metrics) == {"psnr.full", "l1.full"}
    assert "needs masks" in run.info.unavailable["gradient"]
    for key, cell in run.cells.items():
        assert set(cell.metrics) == {"psnr.full", "l1.full"}
        folder = {"fine": "good", "bad": "poor"}[key.model]
        for name, value in zip(run.values(key).samples, run.values(key).values["psnr.full"], strict=True):
            pair = [read(folders / side / f"{name}.png") for side in ("truth", folder)]
            assert value == float(bench.metrics.psnr(*pair))


def test_with_masks_every_region_is_measured_at_the_pictures_own_sizes(folders: Path) -> None:
    run = scored(folders, str(folders / "masks"))

    assert set(run.info.metrics) >= {"psnr.hole", "psnr.full", "psnr.known", "l1.hole"}
    for key, cell in run.cells.items():
        assert cell.metrics["l1.hole"].value == pytest.approx(100 * (4 if key.model == "folder:good" else 40) / 255)
        assert cell.metrics["psnr.known"].n_infinite == len(SIZES)
        assert cell.hole_share == pytest.approx(np.mean([150 / (h * w) for h, w in SIZES.values()]))
    assert list(check_scores(run, folders / "truth", str(folders / "masks"))) == []


def test_masks_of_the_other_polarity_are_said(folders: Path) -> None:
    black = f"{folders / 'masks'}?hole=black"

    warnings = list(check_scores(scored(folders, black, ("psnr",)), folders / "truth", black))

    assert len(warnings) == 2
    assert "median PSNR infinite" in warnings[0]
    assert "Then add ?hole=white" in warnings[0]


def test_true_pictures_and_predictions_in_jpeg_are_said(folders: Path) -> None:
    masks = str(folders / "masks")
    for name in SIZES:
        for path in (folders / "truth" / f"{name}.png", folders / "poor" / f"{name}.png"):
            Image.open(path).save(path.with_suffix(".JPG"), quality=90)
            path.unlink()
    predictions = [folders / "good", folders / "poor"]
    suite = folder_suite(name_rows(predictions, ()), folders / "truth", masks, ("psnr",))

    (warning,) = check_folders(suite, folders / "truth", predictions)
    assert "poor: 3 of 3 are JPEG files, whose compression counts as an error of the fill" in warning
    of_good, of_poor = check_scores(run_suite(suite, folders / "out", device="cpu").run, folders / "truth", masks)
    assert of_good.startswith("folder:good: 3 true pictures are JPEG files, and known pixels differ")
    assert of_poor.startswith("folder:poor: 3 true")


def test_masks_without_a_picture_are_listed(folders: Path) -> None:
    save(folders / "masks" / "other.png", np.eye(9, dtype=np.uint8) * 255)
    suite = folder_suite(name_rows([folders / "good"], ()), folders / "truth", str(folders / "masks"), None)

    (warning,) = check_folders(suite, folders / "truth", [folders / "good"])

    assert "1 masks belong to no picture ('other')" in warning


def test_what_does_not_fit_is_refused_by_name(folders: Path) -> None:
    truth, good, masks = folders / "truth", folders / "good", folders / "masks"
    suite = folder_suite(name_rows([good], ()), truth, str(masks), None)

    with pytest.raises(UsageError, match="must be another folder than the true pictures"):
        check_folders(suite, truth, [good, truth])
    with pytest.raises(UsageError, match="must name each of the 1 folders"):
        name_rows([good], ("a", "b"))
    save(masks / "c_mask.png", np.eye(24, 40, dtype=np.uint8) * 255)
    with pytest.raises(DataError, match=r"mask folder .* of the sizes .*c_mask\.png 24x40 for 40x24"):
        check_folders(suite, truth, [good])
    (masks / "c_mask.png").rename(masks / "d_mask.png")
    with pytest.raises(DataError, match=r"samples without a mask: 'c'; masks of no sample: 'd_mask'"):
        run_suite(suite, folders / "out", device="cpu")
    save(masks / "c_mask.png", np.eye(40, 24, dtype=np.uint8) * 255)
    (masks / "d_mask.png").unlink()
    save(good / "a.png", np.zeros((40, 24, 3), np.uint8))
    with pytest.raises(DataError, match=r"predictions folder .*a\.png 40x24 for 24x40"):
        check_folders(suite, truth, [good])
    (good / "a.png").unlink()
    with pytest.raises(DataError, match=r"a"):
        run_suite(suite, folders / "out", device="cpu")


def test_only_predictions_are_compared_whole(folders: Path) -> None:
    suite = folder_suite(("mean",), folders / "truth", None, None)

    with pytest.raises(UsageError, match=r"'whole@1' must be given folders of predictions alone; found model 'mean'"):
        run_suite(suite, folders / "out", device="cpu")


def test_the_command_says_what_the_numbers_are_of(folders: Path) -> None:
    for folder in ("good", "poor"):
        for path in sorted((folders / folder).iterdir()):
            path.rename(path.with_stem(f"{path.stem}_out"))
    arguments = ["score", str(folders / "good"), str(folders / "poor"), "--truth", str(folders / "truth")]
    arguments += ["--pair", "{id}_out", "--name", "fine,bad", "--metrics", "psnr", "-o", str(folders / "out")]

    done = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert done.exit_code == 0
    assert "whole pictures are compared" in done.stderr
    assert "| fine " in done.stdout
    assert "| bad " in done.stdout
    with pytest.raises(UsageError, match=r"--truth must stand without options of data sets; found --limit, --seed"):
        CliRunner().invoke(app, [*arguments, "--limit", "2", "--seed", "1"], catch_exceptions=False)
    with pytest.raises(UsageError, match="--masks without --truth"):
        CliRunner().invoke(app, ["score", str(folders / "good"), "--masks", "m"], catch_exceptions=False)


@pytest.mark.parametrize("masked", [False, True])
def test_swapped_channels_and_names_are_said(folders: Path, masked: bool) -> None:
    for path in sorted((folders / "good").rglob("*.png")):
        save(path, np.asarray(Image.open(path))[..., ::-1].copy())

    run = scored(folders, str(folders / "masks") if masked else None, ("psnr",))

    records = {key.model: [record.warning for record in run.records(key)] for key in run.cells}
    assert all("BGR" in warning for warning in records["folder:good"])
    assert records["folder:poor"] == ["", "", ""]
