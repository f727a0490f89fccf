from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli.console import session
from bench.cli.console.run_table import show_run, terminal_table
from bench.cli.console.screen import Screen
from bench.records import read_run
from bench.reporting import main_table
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.main_table import build_main_table
from tests.reporting.conftest import Recipe, build


def value(model: str, _: str, index: int, key: str) -> float:
    """One level a picture; `spgnet` is clearly better than the two others, the oracle best of all."""
    better = {"spgnet": 3, "cheat": 4}.get(model, 0) * (-1 if key.startswith("l1") else 1)
    return 20 + better + index % 5 + (index * len(model) % 7) / 20


RECIPE = Recipe(
    models=("spgnet", "telea", "a-model-whose-name-is-far-too-long-for-this", "cheat"),
    oracles=("cheat",),
    metrics=("psnr.hole", "psnr.full", "ssim.hole", "l1.hole"),
    n=20,
    value=value,
)


@pytest.fixture
def analysis(tmp_path: Path) -> RunAnalysis:
    return RunAnalysis(read_run(build(tmp_path / "out", RECIPE)))


def test_no_line_is_wider_than_the_terminal_and_no_markdown_is_left(analysis: RunAnalysis) -> None:
    table = build_main_table(analysis)
    for width in (40, 60, 80, 200):
        lines = terminal_table(table, Screen(width), where="tables/overall.md").splitlines()
        assert max(map(len, lines)) <= width
        assert not any(line.startswith(("|", "#", "- ")) or "**" in line for line in lines)
        assert not any("psnr|region" in line for line in lines)


def test_what_does_not_fit_is_named_with_the_file_that_has_it(analysis: RunAnalysis) -> None:
    table = build_main_table(analysis)
    narrow = " ".join(terminal_table(table, Screen(48), where="out/tables/overall.md").split())
    wide = terminal_table(table, Screen(200), where="out/tables/overall.md")

    assert "columns do not fit: PSNR full, L1 hole. All are in out/tables/overall.md" in narrow
    assert "fit" not in wide


def test_the_metric_that_was_asked_for_goes_first(analysis: RunAnalysis) -> None:
    text = terminal_table(build_main_table(analysis), Screen(40), metrics=("L1",), where="x")

    assert [line.split() for line in text.splitlines() if line.strip().startswith(("L1", "model"))] == [
        ["L1"],
        ["model", "hole", "%", "\N{DOWNWARDS ARROW}", "n"],
    ]


def test_marks_are_signs_without_colour_and_ascii_without_unicode(analysis: RunAnalysis) -> None:
    plain = terminal_table(build_main_table(analysis), Screen(80, colour=False, unicode=False), where="x")

    assert plain.isascii()
    row = next(line for line in plain.splitlines() if line.startswith("spgnet"))
    assert row.split()[2] == "*"
    assert "* best" in plain
    assert "a-model-whose-n..o-long-for-this" in plain
    assert "PSNR" in plain
    assert "hole dB ^" in plain


def test_marks_are_colours_in_a_terminal_that_has_them(analysis: RunAnalysis) -> None:
    text = terminal_table(build_main_table(analysis), Screen(80, colour=True), where="x")

    assert "\x1b[1;32m" in text
    assert " *" not in text


def test_verbose_has_everything(analysis: RunAnalysis) -> None:
    text = terminal_table(build_main_table(analysis), Screen(40), verbose=True, where="x")

    assert "fit" not in text
    assert "psnr|region:hole" in text


def test_names_cannot_move_the_cursor(analysis: RunAnalysis) -> None:
    table = replace(build_main_table(analysis), title="bad \x1b[2J\n[red]name[/red]")

    assert terminal_table(table, Screen(80), where="x").startswith("bad  [2J [red]name[/red]")


class Terminal(io.StringIO):
    """What stdout is in a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("in_terminal", [True, False])
def test_a_pipe_gets_markdown_and_both_get_the_verdict(
    analysis: RunAnalysis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_terminal: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(session, "session", session.Session())
    stream = Terminal()
    with monkeypatch.context() as patched:
        if in_terminal:
            patched.setattr(sys, "stdout", stream)
        show_run(analysis)
    out, err = capsys.readouterr()

    verdict = "By PSNR hole, spgnet leads in center-50."
    if in_terminal:
        assert verdict in stream.getvalue()
        assert "|" not in stream.getvalue()
    else:
        assert out == main_table(analysis) + "\n"
        assert err == verdict + "\n"
