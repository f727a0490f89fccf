from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.records import EnvironmentInfo, ModelInfo, ModelSize, RunInfo, read_run, read_run_info
from tests.support.runs import dataset_info, run_info

WHOLE = run_info(
    [
        ModelInfo("net", "f" * 64, {"context": "oracle", "hole": "predicted"}, "size:pad-4", ModelSize(10, 1000)),
        ModelInfo("telea", "e" * 64, {"context": "none", "hole": "none"}),
    ],
    ["center-50@1", "object@1"],
    dataset=dataset_info(limit=12, classes=("road", "sky")),
    metrics={"psnr.hole": "psnr|region:hole|v1"},
    gallery=("a/b", "c"),
    gate={"psnr.hole": "0.1dB"},
    unavailable={"fid": "no weights"},
    versions={"numpy": "2.4"},
    environment=EnvironmentInfo("3.11", "x86_64", "Linux", "cpu"),
)


@pytest.mark.parametrize("info", [WHOLE, run_info({"net": "f" * 64}, ["center-50@1"])])
def test_a_run_survives_its_file(info: RunInfo, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(info.to_json(), encoding="utf-8")

    assert read_run_info(file) == info
    assert read_run(tmp_path).info == info
    assert [model.is_oracle for model in WHOLE.models] == [True, False]


def test_what_a_model_lacks_is_left_out() -> None:
    models = json.loads(WHOLE.to_json())["models"]

    assert set(models[0]) - set(models[1]) == {"signature", "size"}
    assert "unavailable" not in json.loads(run_info({}, []).to_json())


def test_a_run_of_the_earlier_format_is_read(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({**json.loads(WHOLE.to_json()), "format": 1}))

    assert read_run(tmp_path).info == WHOLE


def drop(data: dict[str, Any]) -> None:
    del data["seed"]


def number(data: dict[str, Any]) -> None:
    data["models"][1]["fingerprint"] = 3


def unknown(data: dict[str, Any]) -> None:
    data["dataset"]["colour"] = "blue"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop, r"field seed of .*run\.json must be there; found no such field. Give the -o folder"),
        (number, r"field models\[1\]\.fingerprint of .*run\.json must be text; found 3"),
        (unknown, r"field dataset\.colour of .*run\.json must be one of name, revision"),
    ],
)
def test_a_damaged_field_is_named_with_its_file(
    damage: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    data = json.loads(WHOLE.to_json())
    damage(data)
    (tmp_path / "run.json").write_text(json.dumps(data))

    with pytest.raises(UsageError, match=message):
        read_run(tmp_path)
