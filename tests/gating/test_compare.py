from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench import gating
from bench.errors import UnknownName, UsageError
from bench.gating.comparison_page import as_json, as_markdown, as_text
from bench.records import Run

MakeRun = Callable[..., Run]


def drop(by: float, spread: float = 0.0) -> Callable[[str, str, int], float]:
    """PSNR falls by about `by` dB; the other metrics stay."""

    def change(model: str, metric: str, index: int) -> float:
        noise = float(np.random.default_rng(index).normal(0, spread)) if spread else 0.0
        return noise - by if metric == "psnr.hole" else 0.0

    return change


def rows(comparison: gating.Comparison, cell: int = 0) -> dict[str, gating.Difference]:
    return {row.metric: row for row in comparison.cells[cell].differences}


def outcomes(comparison: gating.Comparison) -> dict[str, str]:
    return {metric: row.outcome for metric, row in rows(comparison).items()}


def half(*_: object) -> float:
    return 0.5


def infinite(*_: object) -> float:
    return math.inf


def test_numbers_are_those_of_numpy_and_scipy(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b", models={"net": "b"}, change=drop(0.3, 0.5))

    comparison = gating.compare(a, b, wilcoxon=True)

    row = rows(comparison)["psnr.hole"]
    values = [[r.values["psnr.hole"] for r in run.records(next(iter(run.cells)))] for run in (a, b)]
    before, after = np.array(values)
    assert (row.metric, row.baseline_mean, row.candidate_mean) == ("psnr.hole", before.mean(), after.mean())
    found = row.statistics
    assert found is not None
    assert found.difference == pytest.approx((after - before).mean())
    assert found.median == pytest.approx(np.median(after - before))
    assert found.win_rate == pytest.approx((after > before).mean())
    assert found.p_wilcoxon == pytest.approx(stats.wilcoxon(after - before).pvalue, rel=1e-6)
    factor = stats.norm.isf(0.025 / 3) + stats.norm.isf(0.2)
    assert row.detectable == pytest.approx(factor * stats.sem(after - before), rel=1e-6)
    assert found.ci95 == pytest.approx(
        tuple(stats.t.interval(0.95, 39, (after - before).mean(), stats.sem(after - before))), abs=0.05
    )
    assert [name for name, _ in row.worst] == [f"p{i:03d}" for i in np.argsort(after - before)[:5]]
    assert comparison.tests == 3


@pytest.mark.parametrize(("by", "outcome"), [(0.4, "worse"), (-0.4, "better"), (0.0, "unclear")])
def test_outcomes(make_run: MakeRun, by: float, outcome: str) -> None:
    comparison = gating.compare(make_run("a"), make_run("b", change=drop(by, 0.3)))

    assert outcomes(comparison) == {"psnr.hole": outcome, "ssim.hole": "unclear", "l1.hole": "unclear"}


def test_lower_is_better_for_errors(make_run: MakeRun) -> None:
    comparison = gating.compare(make_run("a"), make_run("b", change=half))

    assert outcomes(comparison) == {"psnr.hole": "better", "ssim.hole": "better", "l1.hole": "worse"}
    assert rows(comparison)["l1.hole"].worst[0][1] == pytest.approx(0.5)


def test_several_samples_of_one_picture_are_one_observation(make_run: MakeRun) -> None:
    def change(model: str, metric: str, index: int) -> float:
        return float(np.random.default_rng(index // 8).normal(-0.2, 1))

    ids = [f"p{index:03d}" for index in range(40)]
    one = {"picture": lambda sample: f"picture {int(sample[1:]) // 8}", "ids": ids}
    apart = gating.compare(make_run("a", ids=ids), make_run("b", change=change, ids=ids))
    together = gating.compare(make_run("c", **one), make_run("d", change=change, **one))

    widths = []
    for comparison, pictures in ((apart, 40), (together, 5)):
        found = comparison.cells[0].differences[0].statistics
        assert found is not None
        assert found.ci95 is not None
        assert (found.n, found.pictures) == (40, pictures)
        widths.append(found.ci95[1] - found.ci95[0])
    assert widths[1] > 2 * widths[0]
    assert together.cells[0].differences[0].outcome == "unclear"


def test_exact_pictures_count_as_the_cap(make_run: MakeRun) -> None:
    """Exact in 30 of 40 pictures and equal in the others is better, whichever side it is on."""

    def exact(metric: str, index: int) -> float:
        return (math.inf if index else 130.0) if index < 30 else 22.0

    def noise(metric: str, index: int) -> float:
        return 27.0 if index < 30 else 22.0

    fields: dict[str, Any] = {"metrics": ("psnr.hole",), "signature": "agg:image-mean|cap:100|v1"}
    a, b = make_run("a", value=exact, **fields), make_run("b", value=noise, **fields)
    (row,) = gating.compare(a, b).cells[0].differences

    assert (row.outcome, row.baseline_mean, row.candidate_mean) == ("worse", 80.5, 25.75)
    assert (row.n_infinite, row.exact_lost, row.worst[0]) == (29, 29, ("p000", -73.0))
    assert row.note == "29 are exact only in the baseline, exact counts as 100 dB"
    assert gating.compare(b, a).cells[0].differences[0].outcome == "better"


def test_infinite_and_undefined_values_are_counted_apart(make_run: MakeRun) -> None:
    odd = {0: math.inf, 1: math.inf, 2: math.nan, 3: math.inf}

    def before(metric: str, index: int) -> float:
        return odd.get(index, 20.0 + index) if index != 3 else 20.0

    def after(metric: str, index: int) -> float:
        return {0: math.inf, 1: 25.0, 2: math.nan, 3: math.inf}.get(index, 20.0 + index)

    comparison = gating.compare(
        make_run("a", metrics=("psnr.hole",), value=before), make_run("b", metrics=("psnr.hole",), value=after)
    )

    row = comparison.cells[0].differences[0]
    assert row.statistics is not None
    assert (row.statistics.n, row.n_infinite, row.n_undefined) == (36, 3, 1)
    assert (row.exact_lost, row.exact_gained) == (1, 1)
    assert row.worst == (("p001", None),)
    assert row.statistics.win_rate == pytest.approx(0.5)
    assert row.note == (
        "1 is exact only in the baseline, 1 is exact only in the candidate, 1 is exact in both, 1 is undefined, "
        "exact is in no mean"
    )
    json.dumps(as_json(comparison), allow_nan=False)
    assert "p001 no longer exact" not in as_text(comparison)  # only of what got worse


def test_a_candidate_that_is_exact_where_the_baseline_is_not(make_run: MakeRun) -> None:
    a = make_run("a", metrics=("psnr.hole",))
    b = make_run("b", metrics=("psnr.hole",), value=infinite)

    (row,) = gating.compare(a, b).cells[0].differences

    assert row.outcome == "better"
    assert row.baseline_mean is None
    assert row.note == "40 are exact only in the candidate, exact is in no mean"
    assert gating.compare(b, a).cells[0].differences[0].outcome == "worse"


def test_one_question_is_tested_once_and_the_known_region_apart(make_run: MakeRun) -> None:
    metrics = ("psnr.hole", "psnr.full", "psnr.known", "l1.full", "ssim.full")
    a, b = (make_run(name, metrics=metrics, change=by) for name, by in (("a", drop(0.0)), ("b", drop(0.3, 0.5))))

    comparison = gating.compare(a, b)

    found = {row.metric: row for row in comparison.cells[0].differences}
    assert (comparison.tests, comparison.checks) == (3, 1)
    assert (found["psnr.full"].outcome, found["psnr.full"].p_holm) == ("", None)
    assert found["psnr.full"].note == "follows from psnr.hole"
    assert found["l1.full"].p_holm is not None  # without l1.hole it is a question
    assert gating.compare(a, b, metrics=["PSNR"], regions=["Full"]).tests == 1
    with pytest.raises(UsageError, match="choose some of l1"):
        gating.compare(a, b, metrics=["l1"], regions=["known"])
    with pytest.raises(UnknownName, match="Did you mean hole"):
        gating.compare(a, b, regions=["hol"])


def test_a_ceiling_is_no_question_unless_it_is_named(make_run: MakeRun) -> None:
    metrics = ("psnr.hole", "class-left-ceiling.hole")
    a, b = (make_run(name, metrics=metrics, change=by) for name, by in (("a", drop(0.0)), ("b", drop(0.3, 0.5))))

    comparison = gating.compare(a, b)

    assert (comparison.tests, list(rows(comparison))) == (1, ["psnr.hole"])
    named = gating.compare(a, b, metrics=["class-left-ceiling"])
    assert list(rows(named)) == ["class-left-ceiling.hole"]


def test_too_few_pictures_for_the_tests_are_said(make_run: MakeRun) -> None:
    ids = [f"p{index:03d}" for index in range(7)]
    a, b = (make_run(name, ids=ids, change=by) for name, by in (("a", drop(0.0)), ("b", drop(0.3, 0.0))))

    assert "No outcome could be told apart: 3 tests need at least 7" not in as_text(gating.compare(a, b))
    text = as_text(gating.compare(a, b, b, b))
    assert "No outcome could be told apart: 9 tests need at least 9 pictures, found 7." in text


def test_failures_and_fixes_are_outcomes(make_run: MakeRun) -> None:
    whole, broken = make_run("a"), make_run("b", failed=("p003", "p007"))

    worse, better = gating.compare(whole, broken), gating.compare(broken, whole)

    assert (worse.cells[0].outcome, better.cells[0].outcome) == ("failing", "fixed")
    assert "2 newly failing: p003, p007" in as_text(worse)
    assert "2 fixed: p003, p007" in as_text(better)
    assert worse.cells[0].differences[0].statistics is not None
    assert worse.cells[0].differences[0].statistics.n == 38


def test_unlike_signatures_are_refused_with_the_difference(make_run: MakeRun) -> None:
    comparison = gating.compare(make_run("a"), make_run("b", signature="sigma:1.5|v2"))

    assert set(outcomes(comparison).values()) == {"incomparable"}
    assert rows(comparison)["psnr.hole"].statistics is None
    assert comparison.refused[0] == (
        "net center-50@1 l1.hole: unlike signatures: version v1 against v2, sigma not stated against 1.5"
    )


def test_the_number_of_pictures_is_no_difference_of_signatures(make_run: MakeRun) -> None:
    comparison = gating.compare(make_run("a"), make_run("b", failed=("p000",)))

    assert comparison.refused == []


def test_other_holes_are_refused(make_run: MakeRun) -> None:
    comparison = gating.compare(make_run("a"), make_run("b", hole="another"))

    assert comparison.cells[0].outcome == "incomparable"
    assert "other holes in 40 of 40 pictures, such as 'p000'" in comparison.refused[0]


def test_other_pictures_are_refused(make_run: MakeRun) -> None:
    with pytest.raises(
        UsageError, match="same pictures; found data sets with revision rrrrrrrrrrrr against ssssssssssss"
    ):
        gating.compare(make_run("a"), make_run("b", revision="s" * 64))


def test_missing_cells_and_metrics_are_said(make_run: MakeRun) -> None:
    a = make_run("a", protocols=("center-50@1", "freeform@1"))
    b = make_run(
        "b", protocols=("center-50@1", "freeform@1"), missing=("freeform@1",), metrics=("psnr.hole", "ssim.hole")
    )

    comparison = gating.compare(a, b)

    assert [cell.outcome for cell in comparison.cells] == ["", "incomparable"]
    assert comparison.cells[1].note == "no whole cell of the candidate"
    assert rows(comparison)["l1.hole"].note == "only the baseline has it"
    assert comparison.refused == []


def test_which_models_are_paired(make_run: MakeRun) -> None:
    both = make_run("both", models={"net": "a", "old": "b"})
    other = make_run("other", models={"net": "c", "new": "d"})
    single = make_run("single", models={"mine": "e"})

    assert [cell.pair.title for cell in gating.compare(both, other).cells] == ["net"]
    assert [cell.pair.title for cell in gating.compare(gating.Selection(both, "old"), single).cells] == ["old -> mine"]
    assert [
        c.pair.title for c in gating.compare(gating.Selection(both, "net"), gating.Selection(both, "old")).cells
    ] == ["net -> old"]
    with pytest.raises(UsageError, match=r"model name in common; found net, old and mine. Pick one of each: OUT:model"):
        gating.compare(both, single)
    with pytest.raises(UnknownName, match="Did you mean net"):
        gating.compare(gating.Selection(both, "nett"), single)


def test_several_candidates_are_corrected_together(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b", change=drop(0.2, 0.5))
    one, two = gating.compare(a, b), gating.compare(a, b, make_run("c"))

    first, again = rows(one)["psnr.hole"], rows(two)["psnr.hole"]
    assert (one.tests, two.tests) == (3, 6)
    assert first.statistics == again.statistics
    assert first.p_holm is not None
    assert again.p_holm is not None
    assert again.p_holm > first.p_holm


def test_the_same_records_give_the_same_text(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b", change=drop(0.2, 0.5))

    assert as_text(gating.compare(a, b)) == as_text(gating.compare(a, b))


def test_names_are_escaped(make_run: MakeRun) -> None:
    name = "<img src=x onerror=alert(1)>|`_*\x1b[2J\n@me"
    ids = [f"{name}{index}" for index in range(20)]
    a = make_run("a", models={name: "a"}, ids=ids)
    b = make_run("b", models={name: "b"}, ids=ids, change=drop(2))

    comparison = gating.compare(a, b)

    page, text = as_markdown(comparison), as_text(comparison)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\|\\`\\_\\*" in page
    assert " @me" not in page
    assert "\x1b" not in page + text
    assert all(line.startswith(("|", "-", "#")) or "worse" in line for line in page.splitlines() if line)


def test_what_is_unclear_says_how_many_pictures_would_decide(make_run: MakeRun) -> None:
    a, b = (make_run(name, change=by) for name, by in (("a", drop(0.0)), ("b", drop(0.3, 1.5))))

    comparison = gating.compare(a, b)

    found = rows(comparison)
    assert {name: row.outcome for name, row in found.items()} == dict.fromkeys(found, "unclear")
    assert found["ssim.hole"].n_needed is None  # not different at all
    assert 40 < (found["psnr.hole"].n_needed or 0) < 1000
    assert f"psnr.hole: about {found['psnr.hole'].n_needed} pictures would decide" in as_text(comparison)
