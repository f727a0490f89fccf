from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import bench.models
from bench.cli import app
from bench.errors import DataError, ModelFailure, UsageError
from spgnet import SPGNet

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 256, (40, 56, 3), dtype=np.uint8)
HOLE = np.zeros((40, 56), bool)
HOLE[10:30, 20:40] = True


@pytest.fixture
def files(tmp_path: Path) -> Path:
    Image.fromarray(PICTURE).save(tmp_path / "photo.png")
    Image.fromarray(HOLE).save(tmp_path / "mask.png")
    return tmp_path


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def fill(files: Path, *arguments: str, mask: str = "mask.png", out: str = "filled.png") -> str:
    """Run the command; returns what it says."""
    command = ["fill", str(files / "photo.png"), str(files / mask), "-o", str(files / out), "--device", "cpu"]
    done = CliRunner().invoke(app, [*command, *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout.strip() == str(files / out)
    return done.stderr


def test_a_picture_is_filled_as_by_the_method(files: Path) -> None:
    said = fill(files)

    expected = SPGNet.from_pretrained("streets-small").fill(files / "photo.png", files / "mask.png")
    assert np.array_equal(read(files / "filled.png"), np.asarray(expected))
    assert "40x56 pixels (height x width), 17.9 % of them missing; filled by spgnet, weights streets-small in" in said


def test_any_model_fills_and_known_pixels_stay(files: Path) -> None:
    Image.fromarray(~HOLE).save(files / "inverse.png")

    fill(files, "--model", "telea")
    fill(files, "--model", "telea?radius=5", "--hole", "black", mask="inverse.png", out="inverse-filled.png")

    filled = read(files / "filled.png")
    assert np.array_equal(filled[~HOLE], PICTURE[~HOLE])
    assert not np.array_equal(filled, PICTURE)
    assert not np.array_equal(filled, read(files / "inverse-filled.png"))


def test_what_cannot_be_filled_is_refused(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(HOLE[1:]).save(files / "small.png")
    with pytest.raises(DataError, match=r"small\.png must be as large as the picture, 40x56.*found 39x56"):
        fill(files, mask="small.png")
    with pytest.raises(UsageError, match=r"must end in \.png; found '\.jpg'"):
        fill(files, out="filled.jpg")
    with pytest.raises(UsageError, match="be another file than the picture"):
        fill(files, out="photo.png")
    with pytest.raises(UsageError, match=r"must be files; found folder .*spgbench predict"):
        fill(files, mask=".")

    def broken(_: object) -> None:
        raise RuntimeError("out of paint")

    model = bench.models.load("mean")
    monkeypatch.setattr(model, "inpaint", broken)
    monkeypatch.setattr("bench.models.load", lambda *_: model)
    with pytest.raises(ModelFailure, match="out of paint"):
        fill(files)
    assert not (files / "filled.png").exists()
