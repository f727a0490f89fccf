from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import bench.models
from bench.cli.app import app
from bench.errors import UsageError
from bench.evaluation.edits import Edit, draw_edits
from bench.vocabulary import Dataset
from spgnet import SPGNet, SPGNetConfig


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny"
    SPGNet(SPGNetConfig.small(("ground", "thing"))).save(path)
    return path.with_suffix(".safetensors")


def test_an_edit_covers_its_share_of_the_hole_and_no_known_pixel() -> None:
    hole = np.zeros((40, 40), bool)
    hole[10:30, 20:40] = True
    hole[10:20, 20:30] = False
    lower = Edit.parse("car@0.5,0,1,1").mask(hole)
    assert lower[20:30, 20:40].all()
    assert lower.sum() == 200
    assert Edit.parse("car").mask(hole).sum() == 75  # the middle 10x10, less the quarter that is known
    assert Edit.parse("car").class_name == "car"


@pytest.mark.parametrize("text", ["car@", "car@1,2", "car@0.5,0,0.2,1", "car@0,0,1,2", "car@a,b,c,d"])
def test_a_box_outside_the_hole_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="TOP,LEFT,BOTTOM,RIGHT"):
        Edit.parse(text)


def test_a_sheet_shows_label_maps_over_fills_and_only_the_hole_changes(pictures: Dataset, weights: Path) -> None:
    model = bench.models.load(f"spgnet?weights={weights}")
    hole = np.zeros((48, 48), bool)
    hole[12:36, 12:36] = True
    plain, edited = (
        draw_edits(model, pictures[0], hole, [Edit.parse(f"{name}@0,0,1,1")]) for name in ("ground", "thing")
    )
    different = (np.asarray(plain) != np.asarray(edited)).any(axis=2)
    columns = np.flatnonzero(different.any(axis=0))
    assert columns[0] > plain.width * 3 // 4  # the last of four columns
    shown = 4  # times: a picture of 48 pixels is drawn with 192
    assert different.any(axis=0).sum() >= 24 * shown


def test_models_without_label_maps_and_foreign_classes_are_refused(pictures: Dataset, weights: Path) -> None:
    hole = np.zeros((48, 48), bool)
    hole[12:36, 12:36] = True
    with pytest.raises(UsageError, match="paint under label maps"):
        draw_edits(bench.models.load("telea"), pictures[0], hole, [])
    with pytest.raises(UsageError, match="be one of ground, thing"):
        draw_edits(bench.models.load(f"spgnet?weights={weights}"), pictures[0], hole, [Edit.parse("sky")])


def test_the_command_writes_a_sheet(weights: Path, tmp_path: Path) -> None:
    arguments = ["edit", f"spgnet?weights={weights}", "--size", "64", "--edits", "thing ground@0,0,0.5,1"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "sheet.png")], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.strip() == str(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 5 * 192
    unknown = CliRunner().invoke(app, [*arguments, "--sample", "nowhere"])
    assert "nowhere" in str(unknown.exception)
