from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import gating
from bench.errors import UnknownName, UsageError
from bench.gating.results import CheckResult, GateResult
from bench.records import Record, Run, dump, read_run, write_atomically, write_cell, write_shard

MakeRun = Callable[..., Run]
Change = Callable[[str, str, int], float]


def shift(metric: str, by: float, spread: float = 0.0) -> Change:
    """One metric moves by about `by`."""

    def change(model: str, name: str, index: int) -> float:
        noise = float(np.random.default_rng(index).normal(0, spread)) if spread else 0.0
        return by + noise if name == metric else 0.0

    return change


def found(result: GateResult, metric: str = "psnr.hole") -> CheckResult:
    (check,) = [check for check in result.checks if check.metric == metric]
    return check


def test_the_same_numbers_pass_both_gates(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b")

    for regression in (None, True, False):
        result = gating.gate(a, b, regression=regression)
        assert (result.verdict, result.exit_code(strict=True)) == ("PASS", 0)
        assert len(result.checks) == 3
        assert {check.gate for check in result.checks} == {"paired" if regression is False else "regression"}


def test_one_changed_picture_fails_the_regression_gate_and_is_named(make_run: MakeRun) -> None:
    result = gating.gate(
        make_run("a"),
        make_run("b", change=lambda _, metric, index: 0.002 if (metric, index) == ("psnr.hole", 7) else 0),
    )

    assert result.exit_code() == 1
    assert found(result).samples == ("p007",)
    assert "p007" in found(result).text
    assert found(result, "ssim.hole").verdict == "PASS"


@pytest.mark.parametrize(("by", "verdict"), [(0.0009, "PASS"), (0.0011, "REGRESSION"), (-0.0011, "REGRESSION")])
def test_tolerances_of_the_regression_gate(make_run: MakeRun, by: float, verdict: str) -> None:
    a, b = make_run("a"), make_run("b", change=shift("psnr.hole", by))

    assert gating.gate(a, b).verdict == verdict
    assert gating.gate(a, b, tolerances={"psnr.hole": "0.01dB"}).verdict == "PASS"
    assert gating.gate(a, b, tolerances={"psnr.hole": "0"}).verdict == "REGRESSION"


def test_another_fingerprint_asks_for_the_paired_gate(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b", models={"net": "b"}, change=shift("psnr.hole", -0.01, 0.01))

    assert gating.gate(a, b).verdict == "PASS"
    assert gating.gate(a, b, regression=True).verdict == "REGRESSION"


def test_margins_ask_for_the_paired_gate(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b", change=shift("psnr.hole", -0.04, 0.01))

    assert gating.gate(a, b, {"psnr.hole": "0.05dB"}).verdict == "PASS"
    assert gating.gate(a, b, {"psnr.hole": "0.03dB"}).verdict == "REGRESSION"
    with pytest.raises(UsageError, match="regression gate must have tolerances"):
        gating.gate(a, b, {"psnr.hole": "0.05dB"}, regression=True)


@pytest.mark.parametrize(
    ("metric", "by", "verdict"),
    [
        ("psnr.hole", -0.3, "REGRESSION"),
        ("psnr.hole", 0.3, "PASS"),
        ("psnr.hole", -0.05, "PASS"),
        ("l1.hole", 0.3, "REGRESSION"),
        ("l1.hole", -0.3, "PASS"),
        ("ssim.hole", -0.02, "REGRESSION"),
    ],
)
def test_verdicts_of_the_paired_gate(make_run: MakeRun, metric: str, by: float, verdict: str) -> None:
    spread = abs(by) / 4
    result = gating.gate(make_run("a"), make_run("b", models={"net": "b"}, change=shift(metric, by, spread)))

    assert found(result, metric).verdict == verdict
    assert result.verdict == verdict
    assert result.exit_code() == (verdict == "REGRESSION")


def test_inconclusive_says_how_many_pictures_would_decide(make_run: MakeRun) -> None:
    ids = [f"p{index:03d}" for index in range(25)]
    a = make_run("a", ids=ids)
    b = make_run("b", ids=ids, models={"net": "b"}, change=shift("psnr.hole", -0.02, 0.5))

    result = gating.gate(a, b)

    assert found(result).verdict == "INCONCLUSIVE"
    assert (result.exit_code(), result.exit_code(strict=True)) == (0, 1)
    needed = found(result).n_needed
    assert needed is not None
    assert f"about {needed:,} pictures would decide" in found(result).text
    more = [f"p{index:04d}" for index in range(2 * needed)]
    change = shift("psnr.hole", -0.02, 0.5)
    decided = gating.gate(make_run("c", ids=more), make_run("d", ids=more, models={"net": "b"}, change=change))
    assert found(decided).verdict != "INCONCLUSIVE"


def test_a_worse_mean_within_the_noise_is_no_regression(make_run: MakeRun) -> None:
    result = gating.gate(make_run("a"), make_run("b", models={"net": "b"}, change=shift("psnr.hole", -0.2, 3.0)))

    assert found(result).verdict == "INCONCLUSIVE"


def test_false_alarms_over_many_cells_stay_rare(make_run: MakeRun) -> None:
    protocols = [f"p-{index}@1" for index in range(8)]
    ids = [f"p{index:03d}" for index in range(15)]
    baseline = make_run("a", ids=ids, protocols=protocols)
    alarms = 0
    for repeat in range(6):

        def change(model: str, metric: str, index: int, repeat: int = repeat) -> float:
            return float(np.random.default_rng([repeat, index, *metric.encode()]).normal(0, 0.5))

        candidate = make_run(f"b{repeat}", ids=ids, protocols=protocols, models={"net": "b"}, change=change)
        alarms += gating.gate(baseline, candidate).verdict == "REGRESSION"

    assert alarms == 0


def test_margins_in_percent_are_relative_unless_the_metric_is_in_percent(make_run: MakeRun) -> None:
    a = make_run("a", value=lambda *_: 20.0)
    b = make_run("b", value=lambda *_: 19.5)

    assert found(gating.gate(a, b, {"psnr.hole": "3%"})).limit == pytest.approx(0.6)
    assert found(gating.gate(a, b, {"psnr.hole": "3%"})).verdict == "PASS"
    assert found(gating.gate(a, b, {"psnr.hole": "2%"})).verdict == "REGRESSION"
    assert found(gating.gate(b, a, {"l1.hole": "1%"}), "l1.hole").limit == 1.0
    assert found(gating.gate(b, a, {"l1.hole": "0.4%"}), "l1.hole").verdict == "REGRESSION"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("psnr.hole", "METRIC.REGION:AMOUNT"),
        ("psnr.hole:", "METRIC.REGION:AMOUNT"),
        (":1", "no metric"),
        ("psnr.hole:-1dB", "the amount '-1dB'"),
        ("psnr.hole:nan", "the amount 'nan'"),
        ("psnr.hole:1e999", "the amount '1e999'"),
        ("psnr.hole:0,5dB", "the amount '0,5dB'"),
    ],
)
def test_limits_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        gating.parse_limit(text)


@pytest.mark.parametrize(
    ("text", "amount", "unit"), [("a:0.05dB", 0.05, "dB"), ("a: 2.5 %", 2.5, "%"), ("a:1e-3", 1e-3, "")]
)
def test_limits(text: str, amount: float, unit: str) -> None:
    assert gating.parse_limit(text) == ("a", gating.Margin(amount, unit))


@pytest.mark.parametrize(
    ("margins", "message"),
    [
        ({"pnsr.hole": "1dB"}, "metric in --fail 'pnsr.hole' .*Did you mean psnr.hole"),
        ({"psnr": "1dB"}, "Did you mean psnr.hole"),
        ({"lpips.full": "1"}, "Known: l1.hole, psnr.hole, ssim.hole"),
    ],
)
def test_unknown_metrics_are_answered_with_near_ones(make_run: MakeRun, margins: dict[str, str], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        gating.gate(make_run("a"), make_run("b"), margins)


@pytest.mark.parametrize("margin", ["1px", "1db"])
def test_a_margin_in_another_unit_is_refused(make_run: MakeRun, margin: str) -> None:
    with pytest.raises(UsageError, match=r"margin of psnr\.hole must be in dB or %"):
        gating.gate(make_run("a"), make_run("b"), {"psnr.hole": margin})


def test_without_any_margin_there_is_no_gate(make_run: MakeRun) -> None:
    a, b = make_run("a", metrics=("psnr.full",)), make_run("b", metrics=("psnr.full",), models={"net": "b"})

    with pytest.raises(UsageError, match="know a margin"):
        gating.gate(a, b)


@pytest.mark.parametrize("regression", [True, False])
def test_what_vanished_is_a_regression(make_run: MakeRun, regression: bool) -> None:
    protocols = ("center-50@1", "freeform@1", "half-left@1")
    a = make_run("a", models={"net": "a", "old": "b"}, protocols=protocols)
    b = make_run("b", protocols=("center-50@1", "freeform@2", "half-left@1"), missing=("half-left@1",))
    c = make_run(
        "c", models={"net": "a", "new": "c"}, protocols=(*protocols, "x@1"), metrics=("psnr.hole", "ssim.hole")
    )

    texts = {check.subject: check.text for check in gating.gate(a, b, regression=regression).of("REGRESSION")}
    assert texts == {
        "old": "vanished: the candidate does not have this model",
        "net freeform@1": "vanished: the candidate has no freeform@1, but freeform@2",
        "net half-left@1": "vanished: the candidate's cell is not whole; finish its run",
    }
    result = gating.gate(gating.Selection(a, "net"), c, regression=regression)
    assert {check.metric for check in result.of("REGRESSION")} == {"l1.hole"}
    assert result.notes == (
        "new: new, there is nothing to hold it against",
        "x@1: new, there is nothing to hold it against",
    )


@pytest.mark.parametrize("regression", [True, False])
def test_what_failed_is_a_regression_and_what_was_fixed_is_not(make_run: MakeRun, regression: bool) -> None:
    a, b = make_run("a"), make_run("b", failed=("p003",))

    worse, better = gating.gate(a, b, regression=regression), gating.gate(b, a, regression=regression)

    (check,) = worse.of("REGRESSION")
    assert check.text == "failed in 1 of 40 pictures: p003: the model raised"
    assert better.verdict == "PASS"


@pytest.mark.parametrize("regression", [True, False])
def test_what_shrank_is_a_regression(make_run: MakeRun, regression: bool) -> None:
    a, b = make_run("a"), make_run("b", ids=[f"p{index:03d}" for index in range(35)])

    (check,) = gating.gate(a, b, regression=regression).of("REGRESSION")

    assert check.text == "shrank: 5 of 40 pictures are no longer there: p035, p036, p037, p038, p039"
    assert gating.gate(b, a, regression=regression).verdict == "PASS"


@pytest.mark.parametrize("regression", [True, False])
def test_a_value_that_became_undefined_is_a_regression(make_run: MakeRun, regression: bool) -> None:
    def change(model: str, metric: str, index: int) -> float:
        return math.nan if (metric, index) == ("ssim.hole", 2) else 0.0

    a, b = make_run("a"), make_run("b", change=change)

    assert found_samples(gating.gate(a, b, regression=regression)) == {("p002",)}
    assert gating.gate(b, b, regression=regression).verdict == "PASS"


def found_samples(result: GateResult) -> set[tuple[str, ...]]:
    return {check.samples for check in result.of("REGRESSION")}


def test_exact_pictures_that_are_so_no_longer(make_run: MakeRun) -> None:
    def before(metric: str, index: int) -> float:
        return math.inf if index < 10 else 30.0

    def after(metric: str, index: int) -> float:
        return 40.0 if index < 10 else 30.0

    a, b = (make_run(name, metrics=("psnr.hole",), value=value) for name, value in (("a", before), ("b", after)))

    assert gating.gate(a, a, regression=False).verdict == "PASS"
    assert "inf dB to 40.000 dB" in found(gating.gate(a, b, regression=True)).text
    (check,) = gating.gate(a, b, regression=False).of("REGRESSION")
    assert check.text.startswith("10 pictures are no longer exact, 0 have become so, p 0.00")
    assert gating.gate(b, a, regression=False).verdict == "PASS"


def test_one_metric_has_one_verdict(make_run: MakeRun) -> None:
    """Pictures that are no longer exact, or undefined, and others that are better: a regression and no pass."""

    def before(metric: str, index: int) -> float:
        return math.inf if index < 10 else 30.0

    def after(metric: str, index: int) -> float:
        return 35.0 + index / 10 if index < 10 else 30.2

    def undefined(metric: str, index: int) -> float:
        return math.nan if index < 10 else 30.2

    for mark, signature in enumerate(("v1", "agg:image-mean|cap:100|v1")):
        fields: dict[str, Any] = {"metrics": ("psnr.hole",), "signature": signature}
        a = make_run(f"a{mark}", value=before, **fields)
        for name, value in (("b", after), ("c", undefined)):
            (check,) = gating.gate(a, make_run(f"{name}{mark}", value=value, **fields), regression=False).checks
            assert check.verdict == "REGRESSION"
            assert (check.difference is not None, check.n) == (True, 40 if mark and name == "b" else 30)


def test_the_pictures_needed_are_never_too_few_for_the_test(make_run: MakeRun) -> None:
    """Of 4 pictures that all got worse, no one more can decide: 6 are the fewest of a single test, 9 of eight."""
    for n, protocols, fewest in ((4, 1, 6), (5, 1, 6), (4, 8, 9)):
        fields: dict[str, Any] = {
            "ids": [f"p{index:03d}" for index in range(n)],
            "protocols": [f"p-{index}@1" for index in range(protocols)],
            "metrics": ("psnr.hole",),
        }
        a, b = (
            make_run(f"{name}{n}{protocols}", **fields, change=by)
            for name, by in (("a", shift("psnr.hole", 0.0)), ("b", shift("psnr.hole", -0.3, 0.05)))
        )
        checks = gating.gate(a, b, regression=False).checks
        assert {check.verdict for check in checks} == {"INCONCLUSIVE"}
        assert [check.n_needed for check in checks] == pytest.approx([fewest] * protocols, abs=1)
        assert min(check.n_needed or 0 for check in checks) >= fewest


def test_the_gate_looks_at_what_is_asked_for(make_run: MakeRun) -> None:
    a = make_run("a")
    b = make_run("b", models={"net": "b"}, change=shift("psnr.hole", -1.0, 0.1))

    assert gating.gate(a, b).verdict == "REGRESSION"
    assert {check.metric for check in gating.gate(a, b, metrics=["L1", "ssim"]).checks} == {"l1.hole", "ssim.hole"}
    with pytest.raises(UsageError, match="choose a metric with a margin"):
        gating.gate(a, b, {"psnr.hole": "0.1dB"}, metrics=["ssim"])


def test_all_exact_on_both_sides_passes_and_all_undefined_does_not_decide(make_run: MakeRun) -> None:
    exact, nothing = (
        [make_run(f"{name}{value}", metrics=("psnr.hole",), value=lambda *_, value=value: value) for name in "ab"]
        for value in (math.inf, math.nan)
    )

    assert gating.gate(exact[0], exact[1], regression=False).verdict == "PASS"
    assert gating.gate(nothing[0], nothing[1], regression=False).verdict == "INCONCLUSIVE"


def test_what_is_unlike_is_not_compared(make_run: MakeRun) -> None:
    a = make_run("a")

    for other, message in (
        (make_run("b", signature="v2"), "unlike signatures: version v1 against v2"),
        (make_run("c", hole="another"), "other holes in 40 of 40 pictures"),
        (make_run("d", picture=lambda *_: "cropped"), "other pixels in 40 of 40 pictures"),
    ):
        for regression in (True, False):
            result = gating.gate(a, other, regression=regression)
            assert (result.verdict, result.exit_code()) == ("INCOMPARABLE", 2)
            assert message in result.checks[0].text
    with pytest.raises(UsageError, match="be of the same pictures"):
        gating.gate(a, make_run("e", revision="s" * 64))


def test_records_that_were_changed_by_hand_are_refused(make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b")
    (key,) = b.cells
    file = b.layout.shard(key, 0)
    file.write_text(file.read_text().replace('psnr.hole":2', 'psnr.hole":9', 1))

    with pytest.raises(UsageError, match="another SHA-256"):
        gating.gate(a, read_run(b.layout.out))


def rewrite(run: Run, change: Callable[[list[Record]], list[Record]], cut: int = 0) -> Run:
    """The only cell of a run with other records, checksums included."""
    ((key, cell),) = run.cells.items()
    write_shard(run.layout.shard(key, 0), change(run.records(key)))
    if cut:
        file = run.layout.shard(key, 0)
        file.write_text(file.read_text()[:-cut])
    write_cell(run.layout, cell, 1)
    return read_run(run.layout.out)


def test_a_sample_that_is_there_twice_is_refused(make_run: MakeRun) -> None:
    twice = rewrite(make_run("b"), lambda records: [*records[:-1], records[3]])

    with pytest.raises(UsageError, match="hold each sample once; found 1 twice, such as 'p003'"):
        gating.gate(make_run("a"), twice)


def test_lost_lines_are_refused(make_run: MakeRun) -> None:
    lost = rewrite(make_run("b"), lambda records: records[:-1])

    with pytest.raises(UsageError, match=r"hold the 40 records that its cell\.json counts; found 39"):
        gating.gate(make_run("a"), lost)


def test_truncated_lines_are_refused(make_run: MakeRun) -> None:
    truncated = rewrite(make_run("b"), lambda records: records, cut=30)

    with pytest.raises(UsageError, match=r"samples-0000\.jsonl must be whole; found lines that do not parse"):
        gating.gate(make_run("a"), truncated)


def test_records_of_another_format_are_refused(make_run: MakeRun, tmp_path: Path) -> None:
    file = make_run("b").layout.run_file
    file.write_text(file.read_text().replace('"format": 3', '"format": 99'))

    with pytest.raises(UsageError, match=r"field format of .*run\.json must be 1, 2 or 3; found 99"):
        gating.select(str(tmp_path / "b"))


def test_a_cell_of_another_format_is_refused(make_run: MakeRun) -> None:
    run = make_run("b")
    (key,) = run.cells
    (folder, done) = run.layout.cell_file(key), run.layout.done(key)
    write_atomically(folder, folder.read_text().replace('"format": 3', '"format": 99'))
    sums = {**json.loads(done.read_text()), "cell.json": hashlib.sha256(folder.read_bytes()).hexdigest()}
    write_atomically(done, dump(sums))

    with pytest.raises(UsageError, match="field format must be 1, 2 or 3; found 99"):
        gating.gate(make_run("a"), read_run(run.layout.out))


def test_a_baseline_without_a_whole_cell_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(UsageError, match="hold at least one whole cell"):
        gating.gate(make_run("a", missing=("center-50@1",)), make_run("b"))


def test_values_that_a_record_lacks_are_undefined(make_run: MakeRun) -> None:
    def without(records: list[Record]) -> list[Record]:
        return [replace(records[0], values={"l1.hole": records[0].values["l1.hole"]}), *records[1:]]

    result = gating.gate(make_run("a"), rewrite(make_run("b"), without))

    assert {check.metric for check in result.of("REGRESSION")} == {"psnr.hole", "ssim.hole"}
    assert found_samples(result) == {("p000",)}


def test_models_are_selected_by_folder_and_name(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("a", models={"net": "a", "folder:x:y": "b"})

    assert gating.select(str(tmp_path / "a")).model is None
    assert gating.select(f"{tmp_path / 'a'}:net").model == "net"
    assert gating.select(f"{tmp_path / 'a'}:folder:x:y").model == "folder:x:y"
    with pytest.raises(UnknownName, match="Did you mean net"):
        gating.select(f"{tmp_path / 'a'}:nett")
    with pytest.raises(UsageError, match=r"found no run\.json"):
        gating.select(f"{tmp_path / 'b'}:net")
