"""Predictions with a known fault, and predictions of models that do not keep known pixels exactly."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import bench
import bench.data
from bench.evaluation.known_pixels import check_predictions
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.pictures import stack_pictures
from bench.records import read_run
from bench.reporting import main_table
from bench.vocabulary import Batch, LabelSources, Prediction

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Change = Callable[[Pixels], Any]
STREETS = [sample.image for sample in bench.data.load("streets", size=(64, 64), limit=4)]
IDS = tuple(f"p{index}" for index in range(len(STREETS)))
HOLE = np.zeros((64, 64), np.bool_)
HOLE[16:48, 20:52] = True


class Elsewhere:
    """A model that was run elsewhere."""

    name, fingerprint, label_sources = "elsewhere", "f" * 64, LabelSources()

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(batch.image)


def filled(picture: Pixels) -> Pixels:
    """The picture with a plausible fill."""
    return np.where(HOLE[..., None], cv2.GaussianBlur(picture, (0, 0), 4), picture)


def check(predictions: list[Pixels], hole: Pixels = HOLE) -> list[str]:
    holes = torch.from_numpy(np.stack([hole] * len(predictions)))[:, None]
    raw = stack_pictures([np.ascontiguousarray(picture).astype(np.uint8) for picture in predictions])
    return check_predictions(raw, stack_pictures(STREETS), holes, range(len(IDS)), IDS, Elsewhere())


def curve(function: Callable[[Any], Any]) -> Change:
    table = np.clip(np.rint(function(np.arange(256.0))), 0, 255).astype(np.uint8)
    return lambda picture: table[picture]


def jpeg(quality: int) -> Change:
    def change(picture: Pixels) -> Pixels:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer).convert("RGB"))

    return change


def reduced(picture: Pixels) -> Pixels:
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (64, 64), interpolation=cv2.INTER_CUBIC)


FAULTS: dict[str, tuple[Change, str]] = {
    "BGR": (lambda p: p[..., ::-1], "red and blue swapped"),
    "GBR": (lambda p: p[..., [1, 2, 0]], "another order"),
    "inverted": (lambda p: 255 - p, "inverted"),
    "bytes that wrapped": (lambda p: p.astype(int) * 255 % 256, "inverted"),
    "0-1 as bytes": (lambda p: p // 255, "are black"),
    "rounded 0-1 as bytes": (lambda p: np.rint(p / 255), "are black"),
    "scaled twice": (lambda p: np.where(p > 0, 255, 0), "are white"),
    "(x + 1) / 2 too often": (curve(lambda v: (v + 255) / 2), "paler by half"),
    "-1 to 1 clipped": (curve(lambda v: 2 * v - 255), "-1 to 1, written as 0 to 1"),
    "-1 to 1 wrapped": (lambda p: (2 * p.astype(int) - 255) % 256, "-1 to 1, written as 0 to 1"),
    "grey": (lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, 2), "without colour"),
    "one colour": (lambda p: np.full_like(p, 90), "have one colour"),
    "linear light": (curve(lambda v: 255 * ((v / 255 + 0.055) / 1.055) ** 2.4), "linear light|gamma"),
    "gamma": (curve(lambda v: 255 * (v / 255) ** (1 / 2.2)), "gamma|sRGB"),
    "limited range": (curve(lambda v: 16 + v * 219 / 255), "16 to 235"),
    "stretched range": (curve(lambda v: (v - 16) * 255 / 219), "stretched"),
    "YCbCr": (lambda p: np.asarray(Image.fromarray(p).convert("YCbCr")), "as YCbCr"),
    "ImageNet": (lambda p: np.clip((p / 255 - [0.485, 0.456, 0.406]) / 0.225, 0, 1) * 255, "ImageNet"),
    "mirrored": (lambda p: p[:, ::-1], "flipped left to right"),
    "upside down": (lambda p: p[::-1], "upside down"),
    "transposed": (lambda p: p.swapaxes(0, 1), "rows and columns"),
    "turned": (np.rot90, "turned by 90"),
    "one pixel off": (lambda p: np.roll(p, 1, 1), "shifted"),
    "far off": (lambda p: np.roll(p, (9, -7), (0, 1)), "shifted"),
    "noise": (lambda p: np.random.default_rng(p.sum()).integers(0, 256, p.shape), "far from those given"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(name: str) -> None:
    change, said = FAULTS[name]

    for text in check([change(filled(picture)) for picture in STREETS]):
        assert any(part in text for part in said.split("|"))


def test_another_crop_is_named() -> None:
    found = check([cv2.resize(filled(picture)[4:-4, 4:-4], (64, 64)) for picture in STREETS])

    assert sum("resized from another crop" in text for text in found) >= 2, found


@pytest.mark.parametrize(
    "name", ["BGR", "GBR", "inverted", "0-1 as bytes", "grey", "linear light", "mirrored", "far off"]
)
def test_a_fault_is_named_under_the_noise_of_jpeg(name: str) -> None:
    change, said = FAULTS[name]
    compress = jpeg(85)

    for text in check([compress(np.ascontiguousarray(change(filled(picture)), np.uint8)) for picture in STREETS]):
        assert any(part in text for part in said.split("|"))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p,
        jpeg(10),
        jpeg(75),
        reduced,
        lambda p: cv2.GaussianBlur(p, (0, 0), 1.5),
        lambda p: np.clip(p + np.random.default_rng(0).normal(0, 12, p.shape), 0, 255),
        lambda p: np.clip(cv2.GaussianBlur(p, (0, 0), 2) + np.random.default_rng(0).normal(0, 40, p.shape), 0, 255),
        lambda p: np.clip(p + np.array([4.0, -3.0, 5.0]), 0, 255),
        lambda p: np.clip(reduced(p) + np.random.default_rng(0).normal(2, 4, p.shape), 0, 255),
    ],
)
def test_models_that_keep_known_pixels_roughly_are_not_warned_of(change: Change) -> None:
    assert check([change(filled(picture)) for picture in STREETS]) == [""] * len(STREETS)


def test_the_truth_and_a_whole_hole_are_fine() -> None:
    every = np.ones((64, 64), np.bool_)
    every[0, 0] = False

    assert check(list(STREETS)) == [""] * len(STREETS)
    assert check([np.where(every[..., None], 90, picture) for picture in STREETS], every) == [""] * len(STREETS)


@pytest.mark.parametrize(("level", "colour"), [(0, "black"), (128, "grey"), (255, "white")])
def test_a_hole_that_was_left_as_it_was_is_named(level: int, colour: str) -> None:
    for text in check([np.where(HOLE[..., None], level, picture) for picture in STREETS]):
        assert text.startswith(f"the hole is {colour} all over.")


def test_predictions_for_other_holes_are_named() -> None:
    elsewhere = np.zeros((64, 64, 1), np.bool_)
    elsewhere[:, 40:] = True
    hole = np.zeros((64, 64), np.bool_)
    hole[8:40, 2:14] = True

    found = check([np.where(elsewhere, cv2.GaussianBlur(p, (0, 0), 6), p) for p in STREETS], hole)

    assert sum("Fill the holes of this protocol" in text for text in found) >= 3, found


def test_predictions_under_other_names_are_named() -> None:
    next_ones = check([filled(STREETS[index]) for index in (1, 2, 3, 0)])
    mixed = check([filled(STREETS[index]) for index in (2, 3, 0, 1)])

    assert [text.partition(" name of ")[2].partition(".")[0] for text in next_ones] == [
        *("another sample", "the sample before", "the sample before", "the sample before")
    ]
    assert all("lies under the name of another sample" in text for text in mixed)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for index in range(20):
        picture = np.roll(STREETS[index % 4], 13 * index, 1) // (1 + index % 3)
        (tmp_path / "data" / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "data" / "images" / f"p{index:02}.png")
    return tmp_path / "data"


def test_a_folder_is_compared_with_all_samples(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    files = sorted((photos / "images").iterdir())
    for index, file in enumerate(files):
        (tmp_path / "made" / file.name).write_bytes(files[(index + 10) % 20].read_bytes())
    suite = Suite("s", models=(f"folder:{tmp_path / 'made'}",), metrics=("psnr",), dataset="folder", size="64")

    outcome = run_suite(suite.with_changes(data_root=str(photos)), tmp_path / "out")

    (warning,) = outcome.warnings
    assert warning == (
        "folder:made: in 20 of 20 pictures the prediction lies under the name of another sample. "
        "Name each file after its own sample."
    )


def test_a_warning_is_kept_and_told_in_table_and_page(photos: Path, tmp_path: Path) -> None:
    class Swapped(Elsewhere):
        def inpaint(self, batch: Batch) -> Prediction:
            image = batch.image.clone()
            image[3:] = image[3:].flip(1)
            return Prediction(image.where(~batch.hole, 0.3))

    dataset = bench.data.load("folder", size=(64, 64), root=photos, limit=8)
    run = bench.evaluate([Swapped()], dataset, ["center-50"], ["psnr"], tmp_path / "out")
    again = read_run(tmp_path / "out")

    (cell,) = again.cells.values()
    (warning,) = cell.warnings
    said = "elsewhere: in 5 of 8 pictures the known pixels are those given with red and blue swapped."
    assert warning.samples == dataset.ids[3:]
    assert [record.warning for record in again.records(cell.key)].count(warning.reason) == 5
    assert len(again.values(cell.key).ok) == 8
    assert said in main_table(run)
    bench.reporting.report(tmp_path / "out")
    assert "red and blue swapped" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
