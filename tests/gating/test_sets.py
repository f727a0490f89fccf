from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bench import gating
from bench.gating.comparison_page import as_text
from bench.metrics import fid
from bench.records import Run

MakeRun = Callable[..., Run]
IDS = tuple(f"p{index:03d}" for index in range(60))


def features(by: float, noise: float = 0.0) -> Callable[[str], Sequence[float]]:
    """Of a picture whose fill is `by` away from it."""

    def of(sample: str) -> Sequence[float]:
        truth = np.random.default_rng([int(sample[1:])]).normal(size=6)
        error = np.random.default_rng([int(sample[1:]), 1]).normal(size=6)
        return (truth + by + noise * error).tolist()  # type: ignore[no-any-return]

    return of


def run_with(make_run: MakeRun, name: str, by: float, mark: str = "a", **fields: object) -> Run:
    real, fake = (np.array([of(sample) for sample in IDS]) for of in (features(0), features(by, 0.3)))
    distances = {"fid.full": fid(real, fake)}
    of = {"features": features(by, 0.3), "untouched": features(0)}
    return make_run(name, **{"ids": IDS, "models": {"net": mark}, "distances": distances, **of, **fields})


def test_the_regression_gate_holds_the_number_of_all_pictures(make_run: MakeRun) -> None:
    a, same = run_with(make_run, "a", 0.2), run_with(make_run, "b", 0.2)
    near, far = run_with(make_run, "c", 0.2001), run_with(make_run, "d", 0.21)

    verdicts = [
        next(f.verdict for f in gating.gate(a, other).checks if f.metric == "fid.full") for other in (same, near, far)
    ]

    assert verdicts == ["PASS", "PASS", "REGRESSION"]
    assert gating.gate(a, far, tolerances={"fid.full": "50%"}).verdict == "PASS"


@pytest.mark.parametrize(("by", "margin", "verdict"), [(0.21, "20%", "PASS"), (0.6, "20%", "REGRESSION")])
def test_the_paired_gate_resamples_features(make_run: MakeRun, by: float, margin: str, verdict: str) -> None:
    a, b = run_with(make_run, "a", 0.2), run_with(make_run, "b", by, "b")

    (check,) = gating.gate(a, b, {"fid.full": margin}).checks

    assert check.verdict == verdict
    assert check.ci95 is not None
    assert check.difference is not None
    assert check.ci95[0] < check.difference < check.ci95[1]


def test_a_margin_inside_the_interval_decides_nothing(make_run: MakeRun) -> None:
    a, b = run_with(make_run, "a", 0.2), run_with(make_run, "b", 0.21, "b")
    (before,), (after,) = ([cell.metrics["fid.full"].value for cell in run.cells.values()] for run in (a, b))
    assert before
    assert after

    (check,) = gating.gate(a, b, {"fid.full": f"{after - before:.9f}"}).checks

    assert check.verdict == "INCONCLUSIVE"


def test_without_features_nothing_is_claimed(make_run: MakeRun) -> None:
    a = run_with(make_run, "a", 0.2, features=None)
    b = run_with(make_run, "b", 0.9, "b")

    (check,) = gating.gate(a, b, {"fid.full": "1%"}).checks
    (cell,) = gating.compare(a, b).cells
    row = next(row for row in cell.differences if row.metric == "fid.full")

    assert (check.verdict, check.ci95) == ("INCONCLUSIVE", None)
    assert "no features on disk" in check.text
    assert (row.outcome, row.note) == ("", "not tested: has no features on disk to resample")


def test_comparison_tests_sets_with_everything_else(make_run: MakeRun) -> None:
    a, b = run_with(make_run, "a", 0.2), run_with(make_run, "b", 0.6, "b")

    comparison = gating.compare(a, b)

    (cell,) = comparison.cells
    row = next(row for row in cell.differences if row.metric == "fid.full")
    assert comparison.tests == 4
    assert row.outcome == "worse"
    assert row.statistics
    assert row.statistics.ci95
    assert row.candidate_mean
    assert row.baseline_mean
    assert row.statistics.difference == pytest.approx(row.candidate_mean - row.baseline_mean)
    assert "fid.full" in as_text(comparison)


def test_numbers_by_class_are_in_the_regression_gate_and_no_rows_of_a_comparison(make_run: MakeRun) -> None:
    fields = {"by_class": ["ssim.hole.car", "ssim.hole.sky"]}
    a, b = make_run("a", **fields), make_run("b", **fields)
    c = make_run("c", **fields, change=lambda _, m, i: 0.01 if m == "ssim.hole.car" and i == 3 else 0.0)

    assert gating.gate(a, b).verdict == "PASS"
    (check,) = gating.gate(a, c).of("REGRESSION")

    assert (check.metric, check.samples) == ("ssim.hole.car", ("p003",))
    assert {row.metric for row in gating.compare(a, c).cells[0].differences} == {"psnr.hole", "ssim.hole", "l1.hole"}
