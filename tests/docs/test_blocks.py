"""The blocks of a page run in order, as a reader would run them, each page in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from bench.cli import app
from docs.generator.command_line import commands
from tests.docs.blocks import PAGES, REASONS, Block, arguments_of, blocks, lines_of, options_in_text, parameters
from tests.docs.sample_data import write_camvid, write_fills, write_photos, write_removal


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pages' networks are tiny: more threads only wait for one another."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


RUNNING = [page for page in PAGES if any(block.runs for block in blocks(page))]
SKIPPED = [block for page in PAGES for block in blocks(page) if block.title and not block.is_file]


@pytest.mark.parametrize("page", RUNNING)
def test_the_blocks_of_a_page_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    write_camvid(tmp_path / "data" / "camvid")
    write_photos(tmp_path / "photos")
    write_fills(tmp_path)
    write_removal(tmp_path / "own")
    names: dict[str, Any] = {"__name__": "page"}

    for block in blocks(page):
        if block.is_file:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.code, encoding="utf-8")
        elif block.runs and block.language == "python":
            exec(compile(block.code, str(block), "exec"), names)  # noqa: S102 - our own page
        elif block.runs:
            _run_shell(block)


@pytest.mark.parametrize("block", SKIPPED, ids=str)
def test_a_block_that_does_not_run_says_why_and_its_commands_parse(block: Block) -> None:
    assert block.title in REASONS, f"{block}: a title is a file's name or one of {REASONS}"
    if block.language == "sh":
        for line in lines_of(block.code):
            arguments = arguments_of(line)
            if arguments is not None:
                parameters(arguments)


def test_most_blocks_run() -> None:
    running = [block for page in PAGES for block in blocks(page) if block.runs]

    assert len(running) > 2 * len(SKIPPED)


def _run_shell(block: Block) -> None:
    """Commands of ours in this process, which saves their start; anything else in a shell, as a reader would."""
    lines = lines_of(block.code)
    calls = [arguments_of(line) for line in lines]
    if None in calls:
        done = subprocess.run(["bash", "-euc", block.code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{block.code}\n{done.stdout}\n{done.stderr}"
        return
    for line, arguments in zip(lines, calls, strict=True):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, f"{block}\n{line}\n{result.output}"


@pytest.mark.parametrize("page", PAGES)
def test_options_that_the_text_names_exist(page: str) -> None:
    known = {
        name: {text for param in command.params for text in (*param.opts, *param.secondary_opts)}
        for name, command in commands()
    }

    for name, options in options_in_text(page):
        assert options <= known[name], f"{page}: {name} has no {options - known[name]}"
