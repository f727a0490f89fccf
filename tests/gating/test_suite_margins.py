from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench import gating
from bench.cli.app import app
from bench.errors import UnknownName, UsageError
from bench.records import Run

MakeRun = Callable[..., Run]


def worse(model: str, metric: str, index: int) -> float:
    return -0.5 if metric == "psnr.hole" else 0.0


def other(make_run: MakeRun) -> Run:
    return make_run("b", models={"net": "b"}, change=worse)


def test_margins_of_the_suite_that_the_baseline_was_run_with(make_run: MakeRun) -> None:
    strict, mild = (make_run(m, info={"gate": {"psnr.hole": m}}) for m in ("0.2dB", "2dB"))

    assert [gating.gate(run, other(make_run)).verdict for run in (strict, mild)] == ["REGRESSION", "PASS"]


def test_margins_of_a_suite_do_not_choose_the_gate(make_run: MakeRun) -> None:
    a, b = (make_run(name, info={"gate": {"psnr.hole": "2dB"}}) for name in "ab")

    assert {check.gate for check in gating.gate(a, b).checks} == {"regression"}


def test_another_suite_and_margins_that_are_given_go_first(make_run: MakeRun) -> None:
    run, candidate = make_run("a", info={"gate": {"psnr.hole": "0.2dB"}}), other(make_run)

    assert gating.gate(run, candidate, suite={"psnr.hole": "2dB"}).verdict == "PASS"
    assert gating.gate(run, candidate, {"psnr.hole": "2dB"}, suite={"psnr.hole": "0.1dB"}).verdict == "PASS"
    assert {f.metric for f in gating.gate(run, candidate, suite={}).checks} == {
        "psnr.hole",
        "ssim.hole",
        "l1.hole",
    }


def test_margins_by_class(make_run: MakeRun) -> None:
    fields = {"by_class": ["ssim.hole.car", "ssim.hole.sky"], "info": {"gate": {"ssim.hole.car": "0.05"}}}
    a = make_run("a", **fields)
    b = make_run("b", **fields, models={"net": "b"}, change=lambda _, m, __: -0.2 if m == "ssim.hole.car" else 0.0)

    (check,) = gating.gate(a, b).checks

    assert (check.metric, check.verdict) == ("ssim.hole.car", "REGRESSION")


def test_a_margin_that_cannot_be_held(make_run: MakeRun) -> None:
    candidate = other(make_run)
    unknown = make_run("a", info={"gate": {"psnr.hull": "1dB"}})
    absent = {"gate": {"psnr.hole": "2dB", "lpips-alex.full": "2%"}, "unavailable": {"lpips-alex": "no weights"}}

    with pytest.raises(UnknownName, match=r"the suite's gate.*Did you mean psnr\.hole"):
        gating.gate(unknown, candidate)
    with pytest.raises(UsageError, match="'percent'"):
        gating.gate(unknown, candidate, suite={"psnr.hole": "1percent"})
    result = gating.gate(make_run("c", info=absent), candidate)

    assert result.verdict == "PASS"
    assert result.notes == ("lpips-alex.full: the baseline does not have it, its margin is not held: no weights",)


def test_the_command_takes_a_suite_file(make_run: MakeRun, tmp_path: Path) -> None:
    run, candidate = make_run("a"), other(make_run)
    file = tmp_path / "mine.yaml"
    file.write_text("gate: {psnr.hole: 2dB}\n")
    sides = [str(run.layout.out), str(candidate.layout.out)]

    answer = CliRunner().invoke(app, ["gate", *sides, "--suite", str(file), "--json"])

    found = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert [(check["metric"], check["limit"]) for check in found["findings"]] == [("psnr.hole", 2)]
