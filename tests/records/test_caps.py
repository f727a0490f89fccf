from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import bench.metrics
from bench.records import (
    CellKey,
    CellRecord,
    Record,
    RunLayout,
    Score,
    read_run,
    write_atomically,
    write_cell,
    write_shard,
)
from bench.records.caps import cap_of, capped, current_signature, signature_without_cap
from bench.records.scores import with_intervals
from tests.support.runs import NO_LABELS, dataset_info, run_info

SIGNATURE = "psnr|region:hole|range:255|agg:image-mean|composite:yes|v1|size:64x64"
CAPPED = "psnr|region:hole|range:255|agg:image-mean|cap:100|composite:yes|v1|size:64x64"


def test_the_cap_of_a_definition_is_in_its_signature() -> None:
    """And earlier records are read with the caps that the definitions have now."""
    for entry in bench.metrics.METRICS:
        metric = bench.metrics.definition(entry.name)
        signature = metric.signature(metric.regions[0], 64, 64)
        assert cap_of(signature) == metric.cap
        assert current_signature(signature_without_cap(signature)) == signature


def test_values_above_the_cap_are_the_cap() -> None:
    values = np.array([math.inf, 103.0, 99.0, math.nan, -5.0])

    np.testing.assert_array_equal(capped(values, CAPPED), [100.0, 100.0, 99.0, math.nan, -5.0])
    assert capped(values, SIGNATURE) is values


@pytest.mark.parametrize(("values", "mean"), [((math.inf,) * 3 + (22.0,), 80.5), ((30.0, 20.0, 25.0, 25.0), 25.0)])
def test_earlier_records_are_reduced_again(tmp_path: Path, values: tuple[float, ...], mean: float) -> None:
    """A cell whose mean left exact pictures out has the mean of this version; one without such a picture stays."""
    run = read_run(earlier(tmp_path, values))

    (cell,) = run.cells.values()
    score = cell.metrics["psnr.hole"]
    assert (score.value, score.n, score.n_infinite) == (mean, 4, sum(map(math.isinf, values)))
    assert score.signature == f"{CAPPED}|n:4"
    assert run.info.metrics == {"psnr.hole": CAPPED}
    again = with_intervals({"psnr.hole": score}, {"psnr.hole": np.array(values)}, "abcd")
    assert score.ci95 == again["psnr.hole"].ci95
    assert run.values(cell.key).values["psnr.hole"].tolist() == list(values)


def earlier(out: Path, values: tuple[float, ...]) -> Path:
    """A run of one cell as it was written before there were caps."""
    from bench.records import ModelInfo

    layout = RunLayout(out)
    info = run_info(
        [ModelInfo("net", "a" * 64, NO_LABELS)],
        ["center-50@1"],
        dataset=dataset_info(revision="r" * 64, n=4),
        metrics={"psnr.hole": SIGNATURE},
    )
    write_atomically(layout.run_file, info.to_json())
    key = CellKey("net", "a" * 64, "center-50@1", "streets", "r" * 64)
    pairs = zip("abcd", values, strict=True)
    records = [Record(name, "ok", image_sha256=name, values={"psnr.hole": value}) for name, value in pairs]
    finite = [value for value in values if math.isfinite(value)]
    text = f"{SIGNATURE}|n:{len(finite)}"
    plain = Score(sum(finite) / len(finite), None, len(finite), 4 - len(finite), 0, "dB", True, text)
    scores = with_intervals({"psnr.hole": plain}, {"psnr.hole": np.array(values)}, "abcd")
    write_shard(layout.shard(key, 0), records)
    write_cell(layout, CellRecord(key, NO_LABELS, 4, 0, 0, 0.25, "", (), scores), 1)
    return out
