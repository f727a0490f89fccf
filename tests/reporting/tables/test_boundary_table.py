from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.files import write_tables

MakeRun = Callable[..., Path]


def written(out: Path) -> set[str]:
    return {path.stem for path in write_tables(RunAnalysis(read_run(out)))}


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
