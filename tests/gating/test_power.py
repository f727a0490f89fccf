from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bench import gating
from bench.errors import UnknownName, UsageError
from bench.gating.power import expected_power, observed_power, questions_of
from bench.records import Run

MakeRun = Callable[..., Run]


def test_the_differences_of_a_run_are_drawn_again(make_run: MakeRun) -> None:
    """The answers for the questions of a comparison are about those for normal differences of that mean and spread."""

    def change(model: str, metric: str, index: int) -> float:
        return 0.5 + float(np.random.default_rng([index, len(metric)]).normal(0, 1.0)) if model == "b" else 0.0

    metrics = ("psnr.hole", "psnr.full", "psnr.known", "l1.hole")
    run = make_run(models={"a": "a", "b": "b"}, metrics=metrics, change=change)
    first, rest = gating.others(gating.Selection(run))

    table = observed_power(first, rest, [40])

    assert table.tests == gating.compare(first, *rest).tests == 2
    assert [row.subject for row in table.rows] == ["a -> b center-50@1 l1.hole", "a -> b center-50@1 psnr.hole"]
    for row in table.rows:
        (expected,) = expected_power(row.difference, row.spread, table.tests, [40]).rows
        assert row.needed == pytest.approx(expected.needed, rel=0.3)
        assert row.power[40] == pytest.approx(expected.power[40], abs=0.12)
    (asked,) = observed_power(first, rest, tests=20, metrics=["PSNR"], regions=["hole"]).rows
    assert asked.power.keys() == {40}
    assert (asked.needed or 0) > (table.rows[1].needed or 0)


def test_what_has_no_question_is_refused(make_run: MakeRun) -> None:
    first, rest = gating.others(gating.Selection(make_run(models={"a": "a", "b": "b"}, ids=("one",))))

    with pytest.raises(UsageError, match="share a question with two pictures"):
        observed_power(first, rest)


def test_questions_of_metrics_are_those_that_a_comparison_tests() -> None:
    ssim = [f"ssim.{region}" for region in ("full", "hole", "boundary")]
    assert questions_of(["psnr", "ssim"]) == ["psnr.hole", "psnr.boundary", *ssim]
    assert questions_of(["psnr"], regions=["full"]) == ["psnr.full"]
    with pytest.raises(UnknownName, match="Did you mean psnr"):
        questions_of(["psnr"], ["psrn"])
