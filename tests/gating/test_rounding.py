"""The tolerances that the regression gate takes from a measured spread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from bench import gating
from bench.errors import DataError
from bench.gating.rounding import SPREAD_MULTIPLE
from bench.records import Run
from bench.records.spread import CellSpread, MetricSpread, Spread, write_spread

MakeRun = Callable[..., Run]
IDS = ("p0", "p1", "p2")
MODELS = {"net": "a", "classical": "b"}


def measured(run: Run, spread: float, flips: float) -> Run:
    """The run with a spread beside it: `spread` in sample p0 alone, `flips` in all."""
    cells = {}
    for key, cell in run.cells.items():
        if key.model == "net":
            numbers = np.array([spread, 0.0, 0.0]), np.full(3, flips)
            metrics = {name: MetricSpread(score.signature, *numbers) for name, score in cell.metrics.items()}
            cells[key] = CellSpread(IDS, metrics)
    write_spread(run, Spread({}, cells))
    return run


def moved(amounts: Mapping[tuple[str, int], float]) -> Callable[[str, str, int], float]:
    return lambda model, metric, index: amounts.get((model, index), 0.0) if metric == "ssim.hole" else 0.0


@pytest.mark.parametrize(
    ("sample", "by", "verdict"),
    [
        (0, SPREAD_MULTIPLE * 1e-4 * 0.99, "PASS"),
        (0, SPREAD_MULTIPLE * 1e-4 * 1.01, "REGRESSION"),
        (1, 2e-4 * 0.99, "PASS"),  # its own spread is 0: the flips count
        (1, 2e-4 * 1.01, "REGRESSION"),
        (0, math.inf, "REGRESSION"),
        (0, math.nan, "REGRESSION"),
    ],
)
def test_each_sample_has_its_own_tolerance(make_run: MakeRun, sample: int, by: float, verdict: str) -> None:
    a = measured(make_run("a", models=MODELS, ids=IDS, networks=("net",)), 1e-4, 2e-4)
    b = make_run("b", models=MODELS, ids=IDS, networks=("net",), change=moved({("net", sample): by}))

    result = gating.gate(a, b)

    assert result.verdict == verdict
    assert [check.samples for check in result.of("REGRESSION")] == ([] if verdict == "PASS" else [(IDS[sample],)])


def test_models_without_networks_are_exact(make_run: MakeRun) -> None:
    a = make_run("a", models=MODELS, ids=IDS, networks=("net",))
    b = make_run("b", models=MODELS, ids=IDS, networks=("net",), change=moved({("classical", 1): 2e-9}))

    assert gating.gate(a, b).verdict == "PASS"  # without a spread: the tolerances of the metrics
    assert gating.gate(measured(a, 1e-4, 2e-4), b).verdict == "REGRESSION"


def test_a_tolerance_that_was_asked_for_goes_first(make_run: MakeRun) -> None:
    a = measured(make_run("a", models=MODELS, ids=IDS, networks=("net",)), 1e-4, 2e-4)
    b = make_run(
        "b", models=MODELS, ids=IDS, networks=("net",), change=moved({("net", 1): 1e-4, ("classical", 1): 1e-4})
    )

    assert gating.gate(a, b, tolerances={"ssim.hole": "0.001"}).verdict == "PASS"
    checks = gating.gate(a, b, tolerances={"ssim.hole": "0.00001"}).of("REGRESSION")
    assert {check.model for check in checks} == {"net", "classical"}


def test_a_damaged_spread_stops_the_regression_gate_only(make_run: MakeRun) -> None:
    a = make_run("a", models=MODELS, ids=IDS, networks=("net",))
    a.layout.spread_file.write_text("{}\n")

    with pytest.raises(DataError, match="spread"):
        gating.gate(a, a)
    assert gating.gate(a, a, regression=False).verdict in ("PASS", "INCONCLUSIVE")


def test_the_text_says_which_tolerances_there_were(make_run: MakeRun) -> None:
    a = measured(make_run("a", models=MODELS, ids=IDS, networks=("net",)), 1e-4, 2e-4)

    texts = {check.text for check in gating.gate(a, a).checks if check.subject.startswith("net")}

    assert texts == {f"3 pictures within 0.0002 to 0.0004{unit}" for unit in (" dB", " %", "")}
