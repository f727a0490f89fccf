from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UsageError
from bench.records import CellKey, CellRecord, Record, RunLayout, Score, dump, read_run, write_cell, write_shard
from bench.records.schema import SET_INTERVAL
from bench.records.scores import with_intervals
from bench.statistics import INTERVAL, cluster_intervals, cluster_sums
from tests.support.runs import run_info

KEY = CellKey("net", "f" * 64, "center-50@1", "streets", "e" * 64)
VALUES = [20.0, 24.5, math.inf, 22.25, 31.0]
PICTURES = ["p", "q", "r", "q", "s"]


def bare(name: str, values: list[float]) -> Score:
    finite = [value for value in values if math.isfinite(value)]
    return Score(float(np.mean(finite)), (0.0, 1.0), len(finite), 1, 0, "dB", True, f"{name}|v1")


def expected() -> tuple[float, float]:
    finite = [math.nan if math.isinf(value) else value for value in VALUES]
    low, high = cluster_intervals(cluster_sums(finite, PICTURES))
    return float(low[0]), float(high[0])


def test_scores_get_the_interval_of_their_finite_values() -> None:
    scores = {"psnr.hole": bare("psnr", VALUES), "l1.hole": replace(bare("l1", [1.0]), n=1)}
    columns = {"psnr.hole": np.array(VALUES), "l1.hole": np.array([1.0, *[math.nan] * 4])}

    found = with_intervals(scores, columns, PICTURES)

    assert list(found) == list(scores)
    assert found["psnr.hole"] == replace(scores["psnr.hole"], ci95=expected(), interval=INTERVAL, n_pictures=3)
    assert found["l1.hole"] == replace(scores["l1.hole"], ci95=None, n_pictures=1)
    assert with_intervals(scores, dict.fromkeys(scores, np.array([])), []) == scores


@pytest.fixture
def earlier(tmp_path: Path) -> RunLayout:
    """A run whose cell is of format 1: plain percentile intervals, and no word on how they were taken."""
    layout = RunLayout(tmp_path)
    layout.run_file.write_text(run_info({"net": "f" * 64}, ["center-50@1"]).to_json().replace('t": 2', 't": 1'))
    records = [
        Record(f"s{index}", "ok", image_sha256=picture, values={"psnr.hole": value})
        for index, (value, picture) in enumerate(zip(VALUES, PICTURES, strict=True))
    ]
    write_shard(layout.shard(KEY, 0), records)
    of_set = Score(0.5, (0.25, 0.75), 5, 0, 0, "", False, "kid|agg:set|v1")
    cell = CellRecord(KEY, {}, 5, 0, 0, 0.25, "a", (), {"kid.full": of_set, "psnr.hole": bare("psnr", VALUES)})
    write_cell(layout, cell, 1)
    file, done = layout.cell_file(KEY), layout.done(KEY)
    data = json.loads(file.read_text())
    for score in data["metrics"].values():
        del score["interval"], score["n_pictures"]
    file.write_text(dump({**data, "format": 1}))
    done.write_text(dump({**json.loads(done.read_text()), "cell.json": hashlib.sha256(file.read_bytes()).hexdigest()}))
    return layout


def test_a_cell_of_the_earlier_format_gets_this_formats_intervals(earlier: RunLayout) -> None:
    cell = read_run(earlier.out).cells[KEY]

    assert cell.metrics["psnr.hole"] == replace(bare("psnr", VALUES), ci95=expected(), interval=INTERVAL, n_pictures=3)
    kid = cell.metrics["kid.full"]
    assert (kid.value, kid.ci95, kid.interval, kid.n_pictures) == (0.5, (0.25, 0.75), SET_INTERVAL, 5)
    assert read_run(earlier.out).values(KEY).cell == cell


def test_a_cell_of_the_earlier_format_without_its_samples_is_refused(earlier: RunLayout) -> None:
    earlier.shard(KEY, 0).unlink()

    with pytest.raises(UsageError, match=r"found .*No such file.*delete the folder and run again"):
        _ = read_run(earlier.out).cells
