from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from bench.records import read_run
from bench.reporting import report, scores_frame, values_frame


def test_frames_hold_what_the_records_and_the_csv_hold(make_run: Callable[..., Path]) -> None:
    out = make_run(protocols=["left@1"], metrics=["psnr.hole", "l1.hole"], n=6, failed={"mean": [0]})
    run = read_run(out)
    report(out)

    scores, values = scores_frame(run), values_frame(run)

    csv = pd.read_csv(io.StringIO((out / "tables" / "overall.csv").read_text(encoding="utf-8")))
    pd.testing.assert_frame_equal(csv, scores, check_dtype=False)
    for key, cell in run.cells.items():
        of_cell = scores[(scores.model == key.model) & (scores.metric == "psnr")]
        assert of_cell.value.tolist() == [cell.metrics["psnr.hole"].value]
        drawn = values[(values.model == key.model) & (values.key == "psnr.hole")]
        assert len(drawn) == cell.n - cell.n_failed
        finite = [value for value in drawn.value if math.isfinite(value)]
        assert sum(finite) / len(finite) == pytest.approx(cell.metrics["psnr.hole"].value)
