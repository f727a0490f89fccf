"""The command that a report prints runs the same again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bench.cli.app import app
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import ModelInfo, WeightsInfo, read_run
from bench.reporting.run_again import command_of
from tests.support.runs import NO_LABELS, dataset_info, run_info

MODEL = "def fill(image, hole):\n    return image + 64 * hole\n"


def write_masks(folder: Path) -> None:
    folder.mkdir()
    for place in range(3):
        mask = np.zeros((32, 32), np.uint8)
        mask[4 : 20 + place, 8:24] = 255
        Image.fromarray(mask).save(folder / f"p{place:03d}.png")


def test_the_printed_command_gives_the_same_records(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    picture_folder(3, size=32, name="my pictures")
    write_masks(tmp_path / "masks")
    (tmp_path / "own.py").write_text(MODEL)
    suite = Suite(
        "mine",
        models=("telea?radius=5", "ours=python:own.py:fill?range=0-255"),
        protocols=("files:masks", "center-50"),
        metrics=("l1", "psnr"),
        dataset="folder",
        data_root="my pictures",
        size="32",
        limit=2,
        seed=3,
    )
    first = run_suite(suite, tmp_path / "first", device="cpu").run
    command = json.loads((tmp_path / "first" / "run.json").read_text())["command"]
    words = shlex.split(command.replace("\\\n", ""))
    done = CliRunner().invoke(app, [*words[1:], "--no-report"], catch_exceptions=False)
    again = read_run(tmp_path / words[words.index("-o") + 1])

    assert words[0] == "spgbench"
    assert done.exit_code == 0
    assert again.info.metrics == first.info.metrics
    assert list(again.cells) == list(first.cells)
    assert all(again.records(key) == first.records(key) for key in first.cells)
    assert again.info.command.split(" -o ")[0] == command.split(" -o ")[0].replace("mine", "quick")


def test_what_the_command_line_cannot_name_has_no_command() -> None:
    def command(model: ModelInfo, **changes: object) -> str:
        return command_of(run_info([model], ["center-50@1"], **changes))

    telea = ModelInfo("telea", "f" * 64, NO_LABELS, given="telea")

    assert "--models telea " in command(telea)
    assert "--models telea " in command(ModelInfo("telea", "f" * 64, NO_LABELS))  # recorded before texts were
    assert command(ModelInfo("mine", "f" * 64, NO_LABELS, given="")) == ""
    assert command(ModelInfo("x", "f" * 64, NO_LABELS, given="command:x -a 1,2")) == ""
    assert command(telea, dataset=dataset_info(split="as given")) == ""
    assert command(telea, judge="") == ""


def test_weights_of_another_data_set_are_warned_of() -> None:
    def learned(name: str, *trained_on: str) -> ModelInfo:
        return ModelInfo(name, name * 8, NO_LABELS, weights=WeightsInfo(f"{name}-small", "a" * 64, trained_on))

    models = [
        learned("lama", "streets"),
        learned("glcic", "streets", "camvid"),
        learned("own"),
        learned("ec", "streets"),
    ]
    info = run_info(models, ["center-50@1"], dataset=dataset_info(name="camvid"))

    assert info.weight_warnings == ["lama, ec were trained on streets; this run is on camvid"]
    assert run_info(models, ["center-50@1"]).weight_warnings == []
