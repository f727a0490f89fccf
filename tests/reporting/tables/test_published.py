"""Published figures in tables: apart from the rows, in every format, and in no rank, mark or mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.cli.console.run_table import terminal_table
from bench.cli.console.screen import Screen
from bench.records import read_run
from bench.records.published import PublishedFigure
from bench.reporting import scores_frame
from bench.reporting.analysis import RunAnalysis
from bench.reporting.formatting import NOTHING
from bench.reporting.page import write_page
from bench.reporting.tables.csv import csv_table
from bench.reporting.tables.html import html_table
from bench.reporting.tables.latex import latex_table
from bench.reporting.tables.main_table import build_main_table, paper_table
from bench.reporting.tables.markdown import markdown_table
from bench.reporting.tables.published import PUBLISHED_TITLE

MakeRun = Callable[..., Path]
RUN: dict[str, Any] = {"protocols": ("center-50@1", "half-left@1"), "n": 12}
PICTURES = {"dataset": "streets", "split": "test", "size": "32x48"}
BETTER_THAN_ALL = PublishedFigure(
    "telea", "center-50@1", "psnr.hole", 99.5, "A & B <2020>, table_2", "other pictures", **PICTURES
)
FIGURES = (
    BETTER_THAN_ALL,
    PublishedFigure("Their_net*", "center-50@1", "psnr.hole", 31.25, "C (2021)", "other holes", **PICTURES),
    PublishedFigure("Their_net*", "center-50@1", "fid.full", 2.9, "C (2021)", "other holes", **PICTURES),
)


@pytest.fixture
def analysis(make_run: MakeRun) -> RunAnalysis:
    return RunAnalysis(read_run(make_run(info={"published": FIGURES}, **RUN)))


def test_no_rank_mark_mean_or_test_knows_them(analysis: RunAnalysis, make_run: MakeRun) -> None:
    without = RunAnalysis(read_run(make_run("without", **RUN)))
    table, plain = build_main_table(analysis), build_main_table(without)

    assert [(group.name, group.rows) for group in table.groups] == [(group.name, group.rows) for group in plain.groups]
    assert (table.columns, table.notes, table.signatures) == (plain.columns, plain.notes, plain.signatures)
    assert scores_frame(analysis).equals(scores_frame(without))
    assert analysis.overall[1].rows == without.overall[1].rows
    assert analysis.columns == without.columns


def test_each_protocol_has_its_figures_below_it(analysis: RunAnalysis) -> None:
    [block] = build_main_table(analysis).published

    assert block.group == "center-50@1"
    assert [(column.title, column.unit, column.arrow) for column in block.columns] == [
        ("PSNR hole", "dB", "↑"),
        ("FID full", "", "↓"),
    ]
    assert [(row.model, row.texts, row.source) for row in block.rows] == [
        ("telea", ("99.50", NOTHING), "[1]"),
        ("Their_net*", ("31.25", "2.9"), "[2]"),
    ]
    assert block.notes == (
        "[1] A & B <2020>, table_2. Not equal: other pictures.",
        "[2] C (2021). Not equal: other holes.",
    )
    assert not build_main_table(analysis, ["half-left@1"]).published


def test_every_format_sets_them_apart_and_marks_none(analysis: RunAnalysis) -> None:
    table = build_main_table(analysis)
    markdown, latex, html = markdown_table(table), latex_table(table), html_table(table)

    for text, own in ((markdown, "## half-left"), (html, "half-left@1"), (latex, "medskip")):
        assert PUBLISHED_TITLE in text
        assert own in text
    assert "### Published, not comparable row by row\n\n| model" in markdown
    assert "| Their_net\\* |          31.25 |        2.9 | \\[2\\]  |" in markdown
    assert "\\[1\\] A \\& B \\<2020\\>, table_2. Not equal: other pictures." in markdown
    assert "telea & \\num{99.50} & \\textendash{} & {[}1] \\\\" in latex
    assert "A \\& B \\textless{}2020\\textgreater{}, table\\_2" in latex
    assert latex.count("\\begin{tabular}") == latex.count("\\end{tabular}") == 2
    assert '<table class="published">' in html
    assert "A &amp; B &lt;2020&gt;, table_2" in html
    for best in ("**99.50**", "<strong>99.50", "\\textbf{\\num{99.50}}"):
        assert best not in markdown + latex + html


def test_a_terminal_shows_them_below_their_protocol(analysis: RunAnalysis) -> None:
    text = terminal_table(build_main_table(analysis), Screen(100, colour=False))

    assert text.index("center-50@1") < text.index(PUBLISHED_TITLE) < text.index("half-left@1")
    assert "[1] A & B <2020>, table_2. Not equal: other pictures." in text


def test_csv_tells_them_apart(analysis: RunAnalysis, make_run: MakeRun) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(build_main_table(analysis)))))
    plain = list(csv.DictReader(io.StringIO(csv_table(build_main_table(RunAnalysis(read_run(make_run("w", **RUN))))))))

    own = [{key: text for key, text in row.items() if key in plain[0]} for row in rows if row["published"] == "False"]
    assert own == plain
    published = [row for row in rows if row["published"] == "True"]
    assert [(row["model"], row["metric"], row["value"], row["unit"], row["direction"]) for row in published] == [
        ("telea", "psnr", "99.5", "dB", "higher"),
        ("Their_net*", "psnr", "31.25", "dB", "higher"),
        ("Their_net*", "fid", "2.9", "", "lower"),
    ]
    assert published[0]["source"] == "A & B <2020>, table_2"
    assert published[0]["note"] == "other pictures"
    assert not published[0]["n"]


def test_the_page_has_them(analysis: RunAnalysis) -> None:
    page = write_page(analysis).read_text(encoding="utf-8")

    assert page.count(f"<h4>{PUBLISHED_TITLE}</h4>") == 1
    assert "A &amp; B &lt;2020&gt;, table_2" in page


def test_chosen_metrics_choose_among_them(analysis: RunAnalysis) -> None:
    chosen = RunAnalysis(analysis.run, metrics=("psnr",))

    assert [column.key for column in build_main_table(chosen).published[0].columns] == ["psnr.hole"]
    assert not paper_table(analysis).published


def test_figures_of_other_pictures_are_left_out_and_named(make_run: MakeRun) -> None:
    others = tuple(replace(one, dataset="folder", size="512") for one in FIGURES)
    table = build_main_table(RunAnalysis(read_run(make_run(info={"published": others}, **RUN))))

    assert not table.published
    assert "Published figures of folder, test, 512 are not shown: this run is on other pictures." in table.notes


def test_figures_of_protocols_that_were_not_run_are_named(make_run: MakeRun) -> None:
    table = build_main_table(RunAnalysis(read_run(make_run(info={"published": FIGURES}, protocols=("half-left@1",)))))

    assert not table.published
    assert "Published figures of protocols that were not run are not shown: center-50@1." in table.notes
