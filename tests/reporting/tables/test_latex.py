from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.latex import escape_latex, latex_table
from bench.reporting.tables.main_table import build_main_table
from tests.support.runs import with_models

MakeRun = Callable[..., Path]

MEANINGS = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textquotesingle": "'",
    "textasciigrave": "`",
    "char34": '"',
    "textendash": "\N{EN DASH}",
    "dots": "…",
}
SYMBOLS = {"times": "\N{MULTIPLICATION SIGN}", "infty": "\N{INFINITY}", "uparrow": "↑", "downarrow": "↓"}


def typeset(source: str) -> str:
    """What a subset of LaTeX prints; fails on anything that would be an error or change meaning."""
    printed = ""
    place = 0
    while place < len(source):
        char = source[place]
        if char == "\\":
            match = re.match(r"\\([a-z]+[0-9]*)\{\}|\\([{}$&#%_])", source[place:])
            assert match, f"unknown command at {source[place:]!r}"
            printed += MEANINGS[match[1]] if match[1] else match[2]
            place += match.end()
        elif match := re.match(r"\$\\(\w+)\$", source[place:]):
            printed += SYMBOLS[match[1]]
            place += match.end()
        elif source.startswith(("{}", "{[}", "{*}"), place):
            end = source.index("}", place)
            printed += source[place + 1 : end]
            place = end + 1
        else:
            assert char not in "{}$&#%_~^<>|\"'`[*", f"bare {char!r}"
            assert not source.startswith("--", place), "a ligature"
            printed += char
            place += 1
    return printed


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_any_ascii_text_prints_as_itself(text: str) -> None:
    assert typeset(escape_latex(text)) == text


@given(st.text())
def test_any_text_becomes_harmless(text: str) -> None:
    printed = typeset(escape_latex(text))

    assert printed.isprintable()
    assert all(char.isascii() or char in text for char in printed)


def test_letters_that_the_fonts_lack_become_code_points() -> None:
    assert typeset(escape_latex("é 中")) == "é [U+4E2D]"


def balanced(source: str) -> bool:
    depth = 0
    for token in re.findall(r"\\.|[{}]", re.sub(r"(?<!\\)%.*", "", source)):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0


def num(text: str) -> str:
    return f"\\num{{{text}}}"


def body(source: str) -> list[list[str]]:
    """The rows of the tabular as cells."""
    inside = source.split("\\midrule\n", 1)[1].split("\\bottomrule", 1)[0]
    return [re.split(r"(?<!\\)&", line) for line in inside.splitlines() if line.endswith("\\\\")]


@pytest.mark.parametrize("intervals", [False, True])
def test_a_table_of_hostile_names_is_whole(make_run: MakeRun, intervals: bool) -> None:
    names = ["50% & more_{", "#1 \\end{table}", "[x]*", "plain", "oracle^2"]
    run = read_run(make_run(models=["plain", "oracle^2"], oracles=["oracle^2"], failed={"plain": [0]}, reason="{$_%"))
    run = with_models(run, [*(replace(run.info.models[0], name=name) for name in names[:3]), *run.info.models])
    source = latex_table(build_main_table(RunAnalysis(run)), intervals=intervals)

    assert balanced(source)
    assert source.count("\\begin{") == source.count("\\end{") == 3
    assert len(body(source)) == 5
    assert len({len(row) for row in body(source)}) == 1
    assert "\\caption{" in source
    assert "\\label{tab:center-50-1}" in source


def test_best_is_bold_and_second_underlined(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {"a": 1.0, "b": 3.0, "c": 2.0}[model] - (5.0 if key == "psnr.full" else 0.0)

    source = latex_table(
        build_main_table(
            RunAnalysis(read_run(make_run(models=["a", "b", "c"], metrics=["psnr.hole", "psnr.full"], value=value)))
        )
    )

    assert [row[1].strip() for row in body(source)] == [
        num("1.00"),
        "\\textbf{\\num{3.00}}",
        "\\underline{\\num{2.00}}",
    ]
    assert [row[2].strip() for row in body(source)] == [
        num("-4.00"),
        "\\textbf{\\num{-2.00}}",
        "\\underline{\\num{-3.00}}",
    ]
    assert "\\multicolumn{2}{c}{PSNR $\\uparrow$ (dB)}" in source


def test_intervals_are_an_option(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return 5.0

    table = build_main_table(RunAnalysis(read_run(make_run(metrics=["psnr.hole"], value=value))))

    assert "scriptsize [" not in latex_table(table)
    assert "{\\scriptsize [\\num{4.00}, \\num{6.00}]}" in latex_table(table, intervals=True)


def test_protocols_are_groups_of_one_table(make_run: MakeRun) -> None:
    source = latex_table(build_main_table(RunAnalysis(read_run(make_run(protocols=["left@1", "right@1"])))))

    assert source.count("\\begin{tabular}") == 1
    assert re.findall(r"\\textit\{(\w+)@1, 25\.0 \\% missing\}", source) == ["left", "right"]
    assert "\\label{tab:overall}" in source


def test_the_head_says_what_the_preamble_needs(make_run: MakeRun) -> None:
    source = latex_table(build_main_table(RunAnalysis(read_run(make_run()))))
    head, _, rest = source.partition("\\begin{table}")
    used = {"booktabs": "\\toprule", "siunitx": "\\num{"}

    assert all(line.startswith("%") for line in head.splitlines())
    assert all(f"\\usepackage{{{package}}}" in head and command in rest for package, command in used.items())
    assert "%" not in rest.replace("\\%", "")
