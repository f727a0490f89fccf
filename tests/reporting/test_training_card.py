from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import baselines
import spgnet
from bench.cli import app
from bench.errors import DataError
from bench.records.training import read_training, read_trainings
from bench.reporting.training_card import training_card

LINES = """step,stage,stage_step,seconds,name,value
2,sp-net,2,1.0,sp-net.cross_entropy,2.5
2,sp-net,2,1.0,val.miou.hole,0.25
4,sp-net,4,2.0,val.miou.hole,0.5
6,sg-net,2,3.0,val.psnr.hole,15.5
"""


def training(folder: Path, size: str = "32x32") -> Path:
    folder.mkdir()
    (folder / "log.csv").write_text(LINES)
    stages = {"sp-net": {"steps": 4}, "sg-net": {"steps": 2}}
    settings = {"batch size": 8, "data": {"dataset": "streets", "size": size, "protocol": "freeform@1"}}
    (folder / "card.json").write_text(json.dumps({"training": settings, "stages": stages, "minutes": 1.5}))
    return folder


def test_a_card_holds_all_trainings_in_order_and_a_plot(tmp_path: Path) -> None:
    folders = [training(tmp_path / "half", "16x16"), training(tmp_path / "whole")]
    stem = tmp_path / "weights" / "mine"
    result = CliRunner().invoke(app, ["card", *map(str, folders), "-o", str(stem)])
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [f"{stem}.card.json", f"{stem}.curves.png"]
    card = json.loads(Path(f"{stem}.card.json").read_text())
    assert card["minutes"] == 3.0
    assert [part["training"]["data"]["size"] for part in card["trainings"]] == ["16x16", "32x32"]
    with Image.open(f"{stem}.curves.png") as plot:
        assert plot.width > 600
        assert plot.convert("L").getextrema() == (0, 255)


def test_a_card_stands_for_the_trainings_that_it_was_made_of(tmp_path: Path) -> None:
    half, whole = training(tmp_path / "half", "16x16"), training(tmp_path / "whole")
    training_card([half], tmp_path / "half-size")
    once = training_card([half, whole], tmp_path / "once")
    twice = training_card([tmp_path / "half-size.card.json", whole], tmp_path / "twice")
    for one, other in zip(once, twice, strict=True):
        assert one.read_bytes() == other.read_bytes()
    checks = json.loads(once[0].read_text())["trainings"][0]["checks"]
    assert [(check["stage"], check["stage_step"], check["value"]) for check in checks] == [
        ("sp-net", 2, 0.25),
        ("sp-net", 4, 0.5),
        ("sg-net", 2, 15.5),
    ]


@pytest.mark.parametrize("text", ["", "{}", '{"trainings": [{}]}', '{"trainings": [{"checks": []}]}'])
def test_a_card_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    card = tmp_path / "mine.card.json"
    card.write_text(text)
    with pytest.raises(DataError, match=r"card .*mine\.card\.json must hold trainings and their checks"):
        read_trainings(card)


def test_shipped_cards_can_be_gone_on_from() -> None:
    cards = [
        card for package in (spgnet, baselines) for card in Path(package.__path__[0]).glob("pretrained/*.card.json")
    ]
    assert cards
    for card in cards:
        assert all(record.checks for record in read_trainings(card)), card


@pytest.mark.parametrize("spoilt", ["log.csv", "card.json"])
def test_a_folder_without_a_finished_training_is_named(spoilt: str, tmp_path: Path) -> None:
    folder = training(tmp_path / "one")
    (folder / spoilt).unlink()
    with pytest.raises(DataError, match=r"one must hold a training's card\.json and log\.csv"):
        read_training(folder)
    if spoilt == "card.json":
        (folder / spoilt).write_text("{}")
        with pytest.raises(DataError, match="'training'"):
            read_training(folder)
