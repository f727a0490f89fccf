from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from bench.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The entry point in this process: exit code, stdout and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["spgbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return call


def test_the_version_and_short_help(run: Run) -> None:
    assert run("--version") == (0, f"spgbench {version('spgbench')}\n", "")
    for arguments in (("-h",), ("gate", "-h"), ("masks", "export", "-h")):
        code, out, _ = run(*arguments)
        assert (code, "Usage: spgbench" in out) == (0, True)


def test_help_has_panels_and_no_ranges(run: Run) -> None:
    for command in ("run", "score", "train", "profile", "calibrate"):
        _, out, _ = run(command, "--help")
        assert " range" not in out
    _, out, _ = run("run", "--help")
    assert all(panel in out for panel in ("Pictures", "Holes and metrics", "Running", "Output"))


def test_run_alone_explains_itself(run: Run) -> None:
    code, out, err = run("run")

    assert (code, out) == (2, "")
    assert all(word in err for word in ("quick:", "standard:", "Example: spgbench run quick"))


def test_wrong_usage_is_2(run: Run) -> None:
    assert run("nothing-like-this")[0] == 2
    assert run("run", "--no-such-option")[0] == 2
    assert run("run", "--limit", "0")[2] == "spgbench: --limit must be a whole number from 1; found '0'.\n"
    assert run("train", "spgnet", "--jitter", "2")[2].startswith("spgbench: --jitter must be a number from 0 to 0.9;")
    assert run("gate", "a", "b", "--markdown", "")[2].startswith(
        "spgbench: --markdown must name a file; found an empty"
    )


def test_names_are_taken_in_any_case_and_quiet_is_quiet_beside_an_old_log(
    run: Run, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "log.txt").write_text("the traceback of an earlier error", encoding="utf-8")
    arguments = ("--dataset", "Folder", "--data-root", picture_folder(2), "--size", "48", "--models", "MEAN")
    chosen = ("--protocols", "Center_50", "--metrics", "PSNR,psnr", "--no-report", "-o", tmp_path / "out")

    code, out, err = run("run", "Quick", *arguments, *chosen, "-q")

    assert (code, err) == (0, "")
    assert "| mean " in out
    assert "center-50@1" in out
