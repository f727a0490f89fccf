from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.cli.schema import SchemaName
from bench.records.json_schema import NAMES


def test_the_command_knows_every_schema() -> None:
    assert tuple(name.value for name in SchemaName) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_printed_as_json(name: str) -> None:
    result = CliRunner().invoke(app, ["schema", name])

    assert result.exit_code == 0
    assert json.loads(result.stdout)["$schema"].startswith("https://json-schema.org/")


def test_without_a_name_they_are_listed() -> None:
    result = CliRunner().invoke(app, ["schema"])

    assert [line.split()[0] for line in result.stdout.splitlines()] == list(NAMES)


def test_an_unknown_name_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["schema", "cel"]).exit_code == 2
