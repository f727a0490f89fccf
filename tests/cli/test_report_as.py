from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import UnknownName, UsageError
from bench.records import read_run


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def tables(out: Path, pattern: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "tables").glob(pattern)}


@pytest.fixture
def data(picture_folder: Callable[..., Path]) -> tuple[str | Path, ...]:
    return (*("--dataset", "folder", "--data-root", picture_folder(3, 32), "--size", "32"), "--protocols", "center-50")


def test_kept_fills_are_shown_under_the_rules_of_others(
    data: tuple[str | Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(tmp_path / "no weights"))
    call("run", *data, "--models", "mean,telea", "--metrics", "psnr,ssim,l1", "--keep-fills", "--no-report", "-o", out)
    recorded = read_run(out)

    printed = call("report", out, "--as", "torchmetrics,MMagic,comodgan,mat")

    after = read_run(out)
    for key, cell in recorded.cells.items():
        now = after.cells[key].metrics
        assert {name: now[name] for name in cell.metrics} == cell.metrics  # recorded results stay
        assert now["mmagic-l1.hole"].value == pytest.approx(now["l1.hole"].value)
        assert now["mmagic-l1.hole"].signature.startswith("l1|as:mmagic|region:hole|")
        assert "|as:torchmetrics|" in now["torchmetrics-psnr.full"].signature
        assert now["torchmetrics-psnr.full"].of_set
    assert "# Under the rules of MMagic: folder" in printed
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Under the rules of torchmetrics" in page
    assert not [name for name, text in tables(out, "*").items() if name[:3] != "as-" and b"mmagic" in text.lower()]
    assert "| mean " in tables(out, "as-torchmetrics.md")["as-torchmetrics.md"].decode()
    assert "they need the TensorFlow graph" in tables(out, "as-comodgan.md")["as-comodgan.md"].decode()
    mat = tables(out, "as-mat.md")["as-mat.md"].decode()
    assert "MAT LPIPS: not measured: weights" in mat
    assert "MAT SSIM full" in mat.split("\n- ")[0]
    compared = call("compare", out)
    assert "mmagic" not in compared
    assert "mmagic-ssim" in call("compare", out, "--metrics", "mmagic-ssim")
    assert "mmagic" not in call("gate", out, out)


def test_pooled_errors_are_those_of_the_fills(data: tuple[str | Path, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    call("run", *data, "--models", "mean", "--metrics", "torchmetrics-psnr", "--keep-fills", "-o", out)

    (cell,) = read_run(out).cells
    layout = read_run(out).layout
    names = [f"p{index:03d}" for index in range(3)]
    fills = [np.asarray(Image.open(layout.kept_fill(cell, name)), dtype=np.float64) for name in names]
    truths = [np.asarray(Image.open(tmp_path / "pictures" / "images" / f"{name}.png"), np.float64) for name in names]

    expected = 10 * np.log10(255**2 / np.mean((np.stack(fills) - np.stack(truths)) ** 2))
    assert read_run(out).cells[cell].metrics["torchmetrics-psnr.full"].value == pytest.approx(expected, abs=1e-6)


def test_without_kept_fills_the_run_stays_and_the_command_is_named(
    data: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call("run", *data, "--models", "mean", "--metrics", "psnr", "--no-report", "-o", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    with pytest.raises(UsageError, match=r"must have kept fills of all pictures.*--keep-fills"):
        call("report", out, "--as", "mmagic")
    with pytest.raises(UnknownName, match=r"evaluator 'mmagik' must be a known name.*Did you mean mmagic"):
        call("report", out, "--as", "mmagik")

    with pytest.raises(UsageError, match=r"--as must name some of aot-gan, .*; found ' ,'"):
        call("report", out, "--as", " ,")
    with pytest.raises(UsageError, match=r"--as must go with the full layout; found --layout paper"):
        call("report", out, "--as", "mmagic", "--layout", "paper")

    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_folders_of_predictions_need_no_kept_fills_while_their_files_are_the_same(
    data: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out, fills = tmp_path / "out", tmp_path / "fills"
    call("predict", *data, "--models", "mean", "-o", fills)
    call("score", fills / "mean", "--name", "ours", *data, "--metrics", "psnr", "--no-report", "-o", out)
    ((key, before),) = read_run(out).cells.items()

    assert "| ours " in call("report", out, "--as", "mmagic").split("# Under the rules of MMagic")[1]
    after = read_run(out).cells[key].metrics
    assert {name: after[name] for name in before.metrics} == before.metrics
    assert after["mmagic-psnr.full"].value == pytest.approx(after["psnr.full"].value)

    for file in (fills / "mean").rglob("p000.png"):
        Image.new("RGB", (32, 32)).save(file)
    with pytest.raises(UsageError, match="must have kept fills of all pictures; found none of 'ours'"):
        call("report", out, "--as", "torchmetrics")


def test_what_is_recorded_is_shown_where_the_rest_cannot_be_measured(
    data: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call("run", *data, "--models", "mean", "--metrics", "mmagic-l1", "--no-report", "-o", out)

    printed = call("report", out, "--as", "mmagic")

    assert "MMagic l1 error hole" in printed
    assert "MMagic PSNR full" not in printed.split("\n- ")[0]
