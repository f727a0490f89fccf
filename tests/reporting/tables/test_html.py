from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.html import html_table
from bench.reporting.tables.main_table import build_main_table
from tests.support.runs import with_models

MakeRun = Callable[..., Path]


class Fragment(HTMLParser):
    """Elements, and the text of every table cell."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.elements.append(tag)
        self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def test_html_is_a_whole_fragment_that_names_cannot_break(make_run: MakeRun) -> None:
    names = ["<script>alert(1)</script>", "</table>&amp;", '"quoted"']
    run = read_run(make_run(failed={"telea": [0]}, oracles=["mean"], reason="<b>no</b>"))
    run = with_models(run, [*(replace(run.info.models[0], name=name) for name in names), *run.info.models])
    fragment = Fragment(html_table(build_main_table(RunAnalysis(run))))

    assert not fragment.open
    assert set(fragment.elements) <= {
        *("section", "h2", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi"),
        *("strong", "u", "em", "small", "ul", "li", "dl", "dt", "dd", "code"),
    }
    assert [cell for cell in fragment.cells if cell in names] == names


def test_html_has_the_numbers_of_the_table(make_run: MakeRun) -> None:
    table = build_main_table(RunAnalysis(read_run(make_run(protocols=["a@1", "b@1"]))))
    plain, full = (Fragment(html_table(table, intervals=intervals)) for intervals in (False, True))
    entries = [entry for group in table.groups for row in group.rows for entry in table.entries(row)]

    assert [cell for cell in plain.cells if cell in {entry.text for entry in entries}] == [e.text for e in entries]
    assert all(f"{entry.text} {entry.interval}" in full.cells for entry in entries)
    assert plain.elements.count("table") == 2
