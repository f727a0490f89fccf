"""Every table that shows the interval of the same fills shows the same one, and says once how it was taken."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from bench.records import Run, Score, read_run, write_cell
from bench.records.scores import with_intervals
from bench.reporting import report
from bench.statistics import INTERVAL
from tests.reporting.conftest import Recipe, build
from tests.support.reference import table

BY_CLASS = ("judge-miou.hole.sky", "judge-miou.hole.car")


def value(model: str, protocol: str, index: int, key: str) -> float:
    if key.endswith(".car") and index % 3:
        return math.nan
    spread = {"psnr": 10.0, "ssim": 0.2, "l1": 4.0, "judge-miou": 30.0}[key.partition(".")[0]]
    return spread * (2 + math.sin(index * len(model)) + math.cos(index * index))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One protocol that hides a quarter of each of 24 pictures, one of which fails: all fills are of one bin."""
    metrics = ("psnr.hole", "ssim.hole", "l1.hole", "judge-miou.hole")
    recipe = Recipe(
        n=24, value=value, metrics=metrics, by_class=BY_CLASS, classes=("sky", "car"), failed={"telea": [3]}
    )
    out = build(tmp_path_factory.mktemp("runs") / "out", recipe)
    run = read_run(out)
    for key, cell in run.cells.items():
        values = run.values(key)
        scores = {
            name: with_intervals(getattr(cell, name), values.values, values.pictures)
            for name in ("metrics", "by_class")
        }
        write_cell(run.layout, replace(cell, **scores), 1)  # type: ignore[arg-type]  # both are scores by name
    report(out, intervals=True)
    return read_run(out)


def recorded(run: Run, model: str) -> dict[str, Score]:
    (cell,) = (cell for key, cell in run.cells.items() if key.model == model)
    return cell.metrics | cell.by_class


@pytest.mark.parametrize("name", ["overall", "center-50@1", "hole-share", "by-class"])
def test_the_numbers_of_every_table_hold_the_recorded_intervals(run: Run, name: str) -> None:
    frame = pd.read_csv(run.layout.tables / f"{name}.csv")

    assert len(frame)
    for row in frame.to_dict("records"):
        key = ".".join(str(row[part]) for part in ("metric", "region", "class") if part in row)
        score = recorded(run, str(row["model"]))[key]
        assert (row["lo"], row["hi"]) == score.ci95
        assert row["value"] == pytest.approx(score.value, rel=1e-12)


@pytest.mark.parametrize("suffix", ["md", "html", "tex"])
@pytest.mark.parametrize("name", ["overall", "center-50@1", "hole-share"])
def test_every_text_prints_them_and_names_the_method_once(run: Run, name: str, suffix: str) -> None:
    text = (run.layout.tables / f"{name}.{suffix}").read_text(encoding="utf-8")

    assert text.count(INTERVAL) == 1
    for model in ("telea", "mean"):
        low, high = recorded(run, model)["psnr.hole"].ci95 or (0.0, 0.0)
        printed = f"[\\num{{{low:.2f}}}, \\num{{{high:.2f}}}]" if suffix == "tex" else f"[{low:.2f}, {high:.2f}]"
        assert printed in text


def test_the_page_and_the_table_of_kept_runs_print_them_too(run: Run) -> None:
    page = (run.layout.out / "report.html").read_text(encoding="utf-8")

    for model in ("telea", "mean"):
        low, high = recorded(run, model)["psnr.hole"].ci95 or (0.0, 0.0)
        assert f"[{low:.2f}, {high:.2f}]" in page
        assert f"[{low:.1f}, {high:.1f}]" in table(run, "results.md")
