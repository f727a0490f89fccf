from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import UnknownName, UsageError
from bench.records import read_run
from bench.reporting import paper_layout
from bench.reporting.bin_table import bin_table
from bench.reporting.bins import bins_of
from bench.reporting.html_table import html_table
from bench.reporting.table import build_table
from bench.reporting.tables import write_tables
from tests.support.runs import with_models

MakeRun = Callable[..., Path]


def written(out: Path) -> set[str]:
    return {path.stem for path in write_tables(read_run(out))}


def test_the_boundary_has_a_table_when_it_was_measured(make_run: MakeRun) -> None:
    with_labels = make_run("a", metrics=["psnr.hole", "psnr.boundary", "ssim.boundary"])

    assert "boundary" in written(with_labels)
    assert "boundary" not in written(make_run("b", metrics=["psnr.hole"]))
    frame = pd.read_csv(with_labels / "tables" / "boundary.csv")
    assert set(frame["region"]) == {"boundary"}
    assert set(frame["metric"]) == {"psnr", "ssim"}


def test_a_boundary_without_a_value_has_no_table(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return math.nan if key == "psnr.boundary" else 1.0

    assert "boundary" not in written(make_run(metrics=["psnr.hole", "psnr.boundary"], value=value))


SHARES = [0.05] * 3 + [0.1] * 4 + [0.11] * 5 + [0.95] * 4


def share(index: int) -> float:
    return SHARES[index]


def test_means_by_hole_share_are_those_of_the_records(make_run: MakeRun) -> None:
    out = make_run(n=16, protocols=["a@1", "b@1"], share=share, failed={"telea": [0, 8]})
    run = read_run(out)
    bins = bins_of(run)
    telea = [r for key in run.cells if key.model == "telea" for r in run.records(key) if r.status == "ok"]

    assert [bin_.index for bin_ in bins] == [0, 1, 9]
    for bin_, (low, high) in zip(bins, [(0, 0.1), (0.1, 0.2), (0.9, 1)], strict=True):
        inside = [r.values["psnr.hole"] for r in telea if low < r.hole_share <= high]
        line = bin_.section.lines[0]
        score = line.scores["psnr.hole"]
        assert score.value == pytest.approx(np.mean(inside), rel=1e-12)
        assert score.n == len(inside) == (line.counts or (0,))[0]
        assert score.ci95
        assert score.value
        assert min(inside) <= score.ci95[0] <= score.value <= score.ci95[1] <= max(inside)
    assert [bin_.section.lines[0].counts for bin_ in bins] == [(12, 2, 0), (8, 2, 0), (8, 0, 0)]


def test_shares_with_few_values_are_left_out_and_named(make_run: MakeRun) -> None:
    run = read_run(make_run(n=16, share=share, failed={"telea": [8]}))
    table = bin_table(run)

    assert table is not None
    assert [group.protocol for group in table.groups] == ["0\N{EN DASH}10 % missing", "10\N{EN DASH}20 % missing"]
    assert [row.entries[0].text == "\N{EN DASH}" for row in table.groups[1].rows] == [True, False]
    assert "Left out, with fewer than 5 values of each model: 90\N{EN DASH}100 % missing." in table.notes
    assert "Models with fewer than 5 values have no number: 10\N{EN DASH}20 % missing." in table.notes


def test_no_share_with_enough_values_no_table(make_run: MakeRun) -> None:
    assert bin_table(read_run(make_run("a", n=4))) is None
    assert bin_table(read_run(make_run("b", metrics=["psnr.full"]))) is None
    assert bin_table(read_run(make_run("c", missing=[(m, "center-50@1") for m in ("telea", "mean")]))) is None


def test_other_holes_are_not_tested_by_share_either(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {"a": 3.0, "b": 2.0, "c": 1.0}[model]

    run = read_run(make_run(models=["a", "b", "c"], n=20, metrics=["psnr.hole"], value=value))
    key = next(key for key in run.cells if key.model == "b")
    run.cells[key] = type(run.cells[key])(**{**vars(run.cells[key]), "holes_sha256": "other"})
    table = bin_table(run)

    assert table is not None
    assert any(note.startswith("b was not tested") for note in table.notes)


def test_the_paper_layout_is_l1_ssim_psnr_of_the_whole_picture(make_run: MakeRun) -> None:
    metrics = ["psnr.full", "psnr.hole", "ssim.full", "l1.full"]
    out = make_run(metrics=metrics, protocols=["a@1", "b@1"], n=12)
    text, paths = paper_layout(read_run(out))

    assert [path.name for path in paths] == [f"paper.{suffix}" for suffix in ("md", "tex", "html", "csv")]
    headings = [re.sub(" +", " ", line) for line in text.splitlines() if line.startswith("| model")]
    assert headings == ["| model | L1 full ↓ % | SSIM full ↑ | PSNR full ↑ dB | n |"] * 2
    assert (out / "tables" / "paper.md").read_text(encoding="utf-8") == text
    assert "\\label{tab:paper}" in (out / "tables" / "paper.tex").read_text(encoding="utf-8")
    frame = pd.read_csv(out / "tables" / "paper.csv")
    assert set(zip(frame["metric"], frame["region"], strict=True)) == {(m, "full") for m in ("l1", "ssim", "psnr")}


def test_the_paper_layout_of_one_protocol_by_command(make_run: MakeRun) -> None:
    out = make_run(metrics=["psnr.full", "l1.full"], protocols=["a@1", "b@1"])
    arguments = ["report", str(out), "--layout", "paper", "--protocols", "b", "--intervals"]
    answer = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert answer.exit_code == 0
    assert "## b@1" in answer.stdout
    assert "## a@1" not in answer.stdout
    assert "SSIM full: not measured" in answer.stdout
    assert "\\num" in (out / "tables" / "paper.tex").read_text().partition("scriptsize [")[2]
    assert not (out / "plots").exists()


def test_a_paper_layout_that_cannot_be_made_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(UsageError, match="L1, SSIM or PSNR of the whole picture"):
        paper_layout(read_run(make_run("a", metrics=["psnr.hole"])))
    with pytest.raises(UnknownName, match=r"Did you mean center-50@1\?"):
        paper_layout(read_run(make_run("b")), ("center-05@1",))


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
    fragment = Fragment(html_table(build_table(run)))

    assert not fragment.open
    assert set(fragment.elements) <= {
        *("section", "h2", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi"),
        *("strong", "u", "em", "small", "ul", "li", "dl", "dt", "dd", "code"),
    }
    assert [cell for cell in fragment.cells if cell in names] == names


def test_html_has_the_numbers_of_the_table(make_run: MakeRun) -> None:
    table = build_table(read_run(make_run(protocols=["a@1", "b@1"])))
    plain, full = (Fragment(html_table(table, intervals=intervals)) for intervals in (False, True))
    entries = [entry for group in table.groups for row in group.rows for entry in row.entries]

    assert [cell for cell in plain.cells if cell in {entry.text for entry in entries}] == [e.text for e in entries]
    assert all(f"{entry.text} {entry.interval}" in full.cells for entry in entries)
    assert plain.elements.count("table") == 2


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nothing_but_nan_or_infinity_is_reported(make_run: MakeRun, value: float) -> None:
    def everywhere(model: str, protocol: str, index: int, key: str) -> float:
        return value

    out = make_run(metrics=["psnr.hole", "psnr.boundary"], value=everywhere)

    assert "overall" in written(out)
    assert bool(bin_table(read_run(out))) is False
