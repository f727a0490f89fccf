from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from bench.cli import app
from bench.gating import default_margins, default_tolerances, parse_limit
from bench.records import Run

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "how-to" / "gate-in-ci.md").read_text(encoding="utf-8")
TABLES = (DOCS / "reference" / "gate.md").read_text(encoding="utf-8")
WORKFLOW = (DOCS / "how-to" / "spgbench-gate.yml").read_text(encoding="utf-8")


def commands(text: str) -> list[list[str]]:
    """Every spgbench command of a shell text, as its arguments."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [re.search(r'(?:^|/)spgbench"? (.*)', line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


def parse(arguments: list[str]) -> dict[str, Any]:
    """The parameters that a command line gives its command, without running it."""
    group = typer.main.get_command(app)
    context = group.make_context("spgbench", arguments)
    name, command, rest = group.resolve_command(context, arguments)  # type: ignore[attr-defined]  # it is a group
    parsed: dict[str, Any] = command.make_context(name, rest, parent=context).params
    return parsed


BLOCKS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in commands(block)]


def test_there_are_commands_to_check() -> None:
    assert len(BLOCKS) >= 6
    assert {line[0] for line in BLOCKS} == {"run", "gate", "compare"}


@pytest.mark.parametrize("arguments", BLOCKS, ids=" ".join)
def test_commands_of_the_page_parse(arguments: list[str]) -> None:
    parsed = parse(arguments)

    for text in parsed.get("fail") or ():
        parse_limit(text)


def test_the_commands_of_the_page_gate_a_run(
    make_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("results/main")
    make_run("results/branch")
    monkeypatch.chdir(tmp_path)
    (suite,) = re.findall(r"```yaml[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    Path("release.yaml").write_text(suite)
    for arguments in [line for line in BLOCKS if line[0] != "run"]:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    margins = dict(re.findall(r"^\| `([\w-]+\.\w+)` \| (.+) \|$", TABLES, re.MULTILINE))
    tolerances = dict(re.findall(r"^\| `([\w-]+)` \| ([\d.]+)", TABLES, re.MULTILINE))

    assert {name: text.replace(" ", "") for name, text in margins.items()} == default_margins()
    assert {name: float(text) for name, text in tolerances.items()} == default_tolerances()


def test_the_workflow_is_yaml_whose_commands_parse() -> None:
    workflow = yaml.safe_load(WORKFLOW)

    (job,) = workflow["jobs"].values()
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    lines = [line for script in scripts for line in commands(script.replace("$PICTURES", job["env"]["PICTURES"]))]
    assert [line[0] for line in lines] == ["run", "gate"]
    run, gate = (parse(line) for line in lines)
    assert run["limit"] == 64
    assert [parse_limit(text)[0] for text in gate["fail"]] == ["psnr.hole", "ssim.hole", "l1.known"]
    assert "spgbench-gate.yml" in PAGE
