from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bench.cli.train import train
from bench.errors import UnknownName, UsageError
from bench.training import RECIPES
from tests.training.toys import Toy

app = typer.Typer()
app.command()(train)


@pytest.fixture
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = dict(RECIPES._entries)
    monkeypatch.setattr(RECIPES, "_entries", entries)
    RECIPES.add("toy", "tests.training.test_command:build_toy", "a toy")


def build_toy(config: str, data: object) -> Toy:
    assert config == "small"
    return Toy(data)  # type: ignore[arg-type] # DataFacts


@pytest.mark.usefixtures("_toy")
def test_the_command_trains_and_prints_where_the_weights_are(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["toy", "--size", "32", "--steps", "2", "--limit", "2", "--batch-size", "2", "--workers", "0"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.strip() == str(out / "weights")
    assert (out / "card.json").exists()


@pytest.mark.usefixtures("_toy")
@pytest.mark.parametrize("option", ["--lr-scale", "--rate"])
def test_the_factor_of_the_learning_rates_has_two_spellings(tmp_path: Path, option: str) -> None:
    arguments = ["toy", "--size", "32", "--steps", "2", "--limit", "2", "--batch-size", "2", "--workers", "0"]
    CliRunner().invoke(app, [*arguments, option, "0.25", "-o", str(tmp_path)], catch_exceptions=False)
    assert json.loads((tmp_path / "training.json").read_text())["rate"] == 0.25


@pytest.mark.parametrize("budget", [[], ["--steps", "3", "--minutes", "1"]])
def test_both_or_neither_budget_is_a_usage_error(budget: list[str]) -> None:
    result = CliRunner().invoke(app, ["spgnet", *budget])
    assert isinstance(result.exception, UsageError)
    assert "steps or minutes" in str(result.exception)


def test_an_unknown_model_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["spgnt", "--steps", "1"])
    assert isinstance(result.exception, UnknownName)
    assert "spgnet" in str(result.exception)


def test_pictures_of_any_size_are_refused() -> None:
    result = CliRunner().invoke(app, ["spgnet", "--steps", "1", "--size", "native"])
    assert isinstance(result.exception, UsageError)
    assert "be one for all pictures" in str(result.exception)
