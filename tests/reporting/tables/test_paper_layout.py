from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import UnknownName, UsageError
from bench.records import read_run
from bench.reporting import paper_layout

MakeRun = Callable[..., Path]


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
