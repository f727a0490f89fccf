from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bench
from bench.errors import UnknownName
from bench.records import Run
from bench.records.json_schema import FOLDER, NAMES, generate, read_schema
from bench.records.profile import Configuration, ProfileRecord
from bench.vocabulary import Dataset


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(read_schema(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def run(pictures: Dataset, tmp_path: Path, flat_model: type) -> Run:
    """A run with a failing model, samples without a hole, scores by class and infinite values."""
    models = ["mean", "telea", flat_model()]
    return bench.evaluate(models, pictures, ["center-50", "object"], ["psnr", "ssim", "l1"], tmp_path / "out")


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_are_those_of_the_dataclasses(name: str) -> None:
    assert read_schema(name) == generate(name), "write them anew: python -m bench.records.json_schema"


def test_there_is_no_other_schema() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(NAMES)
    with pytest.raises(UnknownName, match="Did you mean cell"):
        read_schema("cel")


def test_everything_that_a_run_writes_is_valid(run: Run) -> None:
    validator("run").validate(json.loads(run.layout.run_file.read_text(encoding="utf-8")))
    for key in run.cells:
        validator("cell").validate(json.loads(run.layout.cell_file(key).read_text(encoding="utf-8")))
        lines = [line for _, content in run.files(key, "samples") for line in content.decode().splitlines()]
        for line in lines:
            validator("sample").validate(json.loads(line))


def test_everything_that_is_kept_is_valid() -> None:
    quick = Path(__file__).parents[2] / "results" / "reference" / "quick"
    validator("run").validate(json.loads((quick / "run.json").read_text(encoding="utf-8")))
    for file in quick.glob("cells/**/cell.json"):
        validator("cell").validate(json.loads(file.read_text(encoding="utf-8")))


def test_a_profiles_line_is_valid() -> None:
    record = ProfileRecord(
        "net", "f" * 64, "cpu", "A processor", Configuration(32, 48), "ok", wall_s=(0.5, 0.25), stages={"all": (0.5,)}
    )

    validator("profile").validate(json.loads(record.to_line()))


def lose(data: dict[str, Any]) -> None:
    del data["n"]


def add(data: dict[str, Any]) -> None:
    data["more"] = 1


def age(data: dict[str, Any]) -> None:
    data["format"] = 1


def spell(data: dict[str, Any]) -> None:
    data["metrics"]["psnr.hole"]["value"] = "much"


def shorten(data: dict[str, Any]) -> None:
    data["metrics"]["psnr.hole"]["ci95"] = [1.0]


@pytest.mark.parametrize("damage", [lose, add, age, spell, shorten])
def test_a_damaged_cell_is_not_valid(run: Run, damage: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(run.layout.cell_file(next(iter(run.cells))).read_text(encoding="utf-8"))
    damage(data)

    with pytest.raises(jsonschema.ValidationError):
        validator("cell").validate(data)


@pytest.mark.parametrize(
    "change", [{"status": "fine"}, {"values": {"psnr.hole": "nan"}}, {"seed": 1.5}, {"hole_share": "x"}]
)
def test_a_damaged_line_is_not_valid(change: dict[str, Any]) -> None:
    line = dict.fromkeys(("sample", "reason", "image_sha256", "hole_sha256", "output_sha256"), "")
    whole: dict[str, Any] = {**line, "status": "ok", "seed": 0, "hole_share": None, "values": {"psnr.hole": "inf"}}
    validator("sample").validate(whole)

    with pytest.raises(jsonschema.ValidationError):
        validator("sample").validate({**whole, **change})
