from __future__ import annotations

from collections.abc import Callable

from bench import gating
from bench.gating.comparison_verdict import comparison_verdicts
from bench.gating.selection import Selection
from bench.records import Run

MakeRun = Callable[..., Run]
PROTOCOLS = ["center-50@1", "freeform@1", "border@1", "object@2"]


def test_each_protocol_has_its_outcome(make_run: MakeRun) -> None:
    run = make_run("a", protocols=PROTOCOLS)
    better = make_run("b", protocols=PROTOCOLS, change=lambda *_: 0.5)
    two = make_run("c", protocols=PROTOCOLS[:1], change=lambda *_: -0.5)

    assert comparison_verdicts(gating.compare(run, better)) == [
        "By PSNR hole, net is better than its baseline in all 4 protocols."
    ]
    assert comparison_verdicts(gating.compare(run, two)) == [
        "By PSNR hole, net is worse than its baseline in center-50, not comparable with it in 3 of 4 protocols."
    ]


def test_no_difference_and_few_pictures(make_run: MakeRun) -> None:
    run, same = make_run("a", ids=["p0", "p1", "p2"]), make_run("b", ids=["p0", "p1", "p2"])

    assert comparison_verdicts(gating.compare(run, same)) == [
        "By PSNR hole, net is not distinguishable from its baseline in center-50; 3 pictures are few for a test."
    ]


def test_candidates_with_the_same_outcomes_share_a_sentence_and_a_metric_may_be_chosen(make_run: MakeRun) -> None:
    run = make_run("a", models={"one": "a", "two": "b", "three": "c"})
    first, rest = gating.others(Selection(run))

    assert comparison_verdicts(gating.compare(first, *rest), "l1.hole") == [
        "By L1 hole, two, three are not distinguishable from one in center-50."
    ]
