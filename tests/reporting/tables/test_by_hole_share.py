from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.by_hole_share import hole_share_table
from bench.reporting.tables.files import write_tables

MakeRun = Callable[..., Path]


def written(out: Path) -> set[str]:
    return {path.stem for path in write_tables(RunAnalysis(read_run(out)))}


SHARES = [0.05] * 3 + [0.1] * 4 + [0.11] * 5 + [0.95] * 4


def share(index: int) -> float:
    return SHARES[index]


def test_means_by_hole_share_are_those_of_the_records(make_run: MakeRun) -> None:
    out = make_run(n=16, protocols=["a@1", "b@1"], share=share, failed={"telea": [0, 8]})
    run = read_run(out)
    bins = RunAnalysis(run).hole_share_bins
    telea = [r for key in run.cells if key.model == "telea" for r in run.records(key) if r.status == "ok"]

    assert [bin_.index for bin_ in bins] == [0, 1, 9]
    for bin_, (low, high) in zip(bins, [(0, 0.1), (0.1, 0.2), (0.9, 1)], strict=True):
        inside = [r.values["psnr.hole"] for r in telea if low < r.hole_share <= high]
        row = bin_.group.rows[0]
        score = row.scores["psnr.hole"]
        assert score.value == pytest.approx(np.mean(inside), rel=1e-12)
        assert score.n == len(inside) == (row.counts or (0,))[0]
        assert score.ci95
        assert score.value
        assert min(inside) <= score.ci95[0] <= score.value <= score.ci95[1] <= max(inside)
    assert [bin_.group.rows[0].counts for bin_ in bins] == [(12, 2, 0), (8, 2, 0), (8, 0, 0)]


def test_shares_with_few_values_are_left_out_and_named(make_run: MakeRun) -> None:
    run = read_run(make_run(n=16, share=share, failed={"telea": [8]}))
    table = hole_share_table(RunAnalysis(run))

    assert table is not None
    assert [group.name for group in table.groups] == ["0\N{EN DASH}10 % missing", "10\N{EN DASH}20 % missing"]
    assert [table.entries(row)[0].text == "\N{EN DASH}" for row in table.groups[1].rows] == [True, False]
    assert "Left out, with fewer than 5 values of each model: 90\N{EN DASH}100 % missing." in table.notes
    assert "Models with fewer than 5 values have no number: 10\N{EN DASH}20 % missing." in table.notes


def test_no_share_with_enough_values_no_table(make_run: MakeRun) -> None:
    assert hole_share_table(RunAnalysis(read_run(make_run("a", n=4)))) is None
    assert hole_share_table(RunAnalysis(read_run(make_run("b", metrics=["psnr.full"])))) is None
    assert (
        hole_share_table(RunAnalysis(read_run(make_run("c", missing=[(m, "center-50@1") for m in ("telea", "mean")]))))
        is None
    )


def test_other_holes_are_not_tested_by_share_either(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {"a": 3.0, "b": 2.0, "c": 1.0}[model]

    run = read_run(make_run(models=["a", "b", "c"], n=20, metrics=["psnr.hole"], value=value))
    key = next(key for key in run.cells if key.model == "b")
    run.cells[key] = type(run.cells[key])(**{**vars(run.cells[key]), "holes_sha256": "other"})
    table = hole_share_table(RunAnalysis(run))

    assert table is not None
    assert any(note.startswith("b was not tested") for note in table.notes)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nothing_but_nan_or_infinity_is_reported(make_run: MakeRun, value: float) -> None:
    def everywhere(model: str, protocol: str, index: int, key: str) -> float:
        return value

    out = make_run(metrics=["psnr.hole", "psnr.boundary"], value=everywhere)

    assert "overall" in written(out)
    assert bool(hole_share_table(RunAnalysis(read_run(out)))) is False
