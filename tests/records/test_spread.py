from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import DataError
from bench.records import Run, read_run
from bench.records.spread import CellSpread, MetricSpread, Spread, read_spread, write_spread
from tests.gating.conftest import Recipe, build


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return read_run(build(tmp_path / "out", Recipe(ids=("p0", "p1"), metrics=("psnr.hole",), networks=("net",))))


def spread_of(run: Run, spread: tuple[float, ...] = (1e-5, 0.0), flips: tuple[float, ...] = (2e-4, 3e-4)) -> Spread:
    (key,) = run.cells
    signature = run.cells[key].metrics["psnr.hole"].signature
    metric = MetricSpread(signature, np.array(spread), np.array(flips))
    return Spread({"flip_share": 1e-3, "settings": [{}]}, {key: CellSpread(("p0", "p1"), {"psnr.hole": metric})})


def rewrite(run: Run, change: Callable[[list[dict[str, Any]]], object]) -> None:
    write_spread(run, spread_of(run))
    lines = [json.loads(line) for line in run.layout.spread_file.read_text().splitlines()]
    change(lines)
    run.layout.spread_file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_what_was_written_is_read(run: Run) -> None:
    assert read_spread(run) is None
    write_spread(run, spread_of(run))

    found = read_spread(run)

    assert found is not None
    assert found.measured == {"flip_share": 1e-3, "settings": [{}]}
    ((_, cell),) = found.cells.items()
    assert cell.samples == ("p0", "p1")
    assert cell.metrics["psnr.hole"].flips.tolist() == [2e-4, 3e-4]
    assert (found.has("net"), found.has("telea")) == (True, False)


@pytest.mark.parametrize("value", [1.0001e-5, 9.999e-4, 0.12345, 7.0, 1e-300])
def test_numbers_are_rounded_up(run: Run, value: float) -> None:
    write_spread(run, spread_of(run, (value, 0.0)))

    found = read_spread(run)

    assert found is not None
    ((_, cell),) = found.cells.items()
    assert value <= cell.metrics["psnr.hole"].spread[0] <= value * 1.011


def metric(lines: list[dict[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = lines[1]["metrics"]["psnr.hole"]
    return data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[0].update(format=2), "another format"),
        (lambda lines: lines.pop(1), "no line for net"),
        (lambda lines: lines.append(lines[1]), "twice"),
        (lambda lines: lines[1]["key"].update(fingerprint="b" * 64), "does not have"),
        (lambda lines: lines[1]["key"].update(revision="b" * 64), "does not have"),
        (lambda lines: lines[1]["key"].update(model=["net"]), "no text"),
        (lambda lines: lines[1]["key"].pop("model"), "as they were written"),
        (lambda lines: lines[1].update(samples=["p0", "p2"]), "other samples"),
        (lambda lines: lines[1].update(metrics={}), "other metrics in net center-50@1: psnr.hole"),
        (lambda lines: metric(lines).update(signature="psnr|v2"), "another signature of psnr.hole"),
        (lambda lines: metric(lines).update(spread=[1e-5]), "not one number a sample"),
        (lambda lines: metric(lines).update(spread=[-1e-5, 0.0]), "-1e-05 in net"),
        (lambda lines: metric(lines).update(flips=[math.nan, 0.0]), "nan in net"),
        (lambda lines: metric(lines).update(flips=[math.inf, 0.0]), "inf in net"),
        (lambda lines: metric(lines).update(flips=["1", 0.0]), "'1' in net"),
        (lambda lines: metric(lines).update(flips=[True, 0.0]), "True in net"),
        (lambda lines: lines.__setitem__(1, {"key": 3}), "as they were written"),
        (lambda lines: lines.clear(), "as they were written"),
    ],
)
def test_a_spread_that_is_not_of_the_run_is_refused(
    run: Run, change: Callable[[list[dict[str, Any]]], object], message: str
) -> None:
    rewrite(run, change)

    with pytest.raises(DataError, match=message) as caught:
        read_spread(run)

    assert "golden_spread" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]\n", b'{"format": 1}\n{"key"\n'])
def test_a_damaged_spread_is_refused(run: Run, content: bytes) -> None:
    run.layout.spread_file.write_bytes(content)

    with pytest.raises(DataError, match="spread"):
        read_spread(run)


def test_a_model_without_networks_has_no_line(tmp_path: Path) -> None:
    run = read_run(build(tmp_path / "plain", Recipe(ids=("p0", "p1"), metrics=("psnr.hole",))))
    write_spread(run, spread_of(run))

    with pytest.raises(DataError, match="does not have"):
        read_spread(run)
