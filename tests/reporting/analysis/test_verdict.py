from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.verdict import Verdict, verdict_of

MakeRun = Callable[..., Path]
PROTOCOLS = ["center-50@1", "freeform@1", "border@1", "object@2"]


def leveled(levels: Mapping[str, Mapping[str, float]]) -> Callable[[str, str, int, str], float]:
    """Values with the given mean of each model by protocol (`*`: all others), whose noise is larger than 0.1."""

    def value(model: str, protocol: str, index: int, key: str) -> float:
        of_model = levels[model]
        level = of_model.get(protocol.partition("@")[0], of_model.get("*", 20.0))
        return level + 5 * math.sin(index) + 0.5 * math.cos(index * (3 + len(model)))

    return value


def verdict(make_run: MakeRun, levels: Mapping[str, Mapping[str, float]], **fields: object) -> Verdict:
    settings: dict[str, object] = {"protocols": PROTOCOLS, "metrics": ["psnr.hole"], "n": 20} | fields
    found = verdict_of(RunAnalysis(read_run(make_run(models=list(levels), value=leveled(levels), **settings))))
    assert found is not None
    return found


def test_a_model_leads_where_every_other_one_is_significantly_worse(make_run: MakeRun) -> None:
    found = verdict(make_run, {"lama": {"*": 22, "object": 24}, "spgnet": {"*": 24}, "telea": {"*": 18}})

    assert found.text == "By PSNR hole, spgnet leads in 3 of 4 protocols; tied with lama in object."
    assert found.leader == "spgnet"
    assert [one.outcome for one in found.protocols] == ["leads", "leads", "leads", "tied"]


def test_all_protocols_and_a_single_one(make_run: MakeRun) -> None:
    levels = {"spgnet": {"*": 24.0}, "telea": {"*": 18.0}}

    assert verdict(make_run, levels).text == "By PSNR hole, spgnet leads in all 4 protocols."
    alone = verdict(make_run, levels, name="one", protocols=PROTOCOLS[:1])
    assert alone.text == "By PSNR hole, spgnet leads in center-50."


def test_several_leaders_and_ties_of_others(make_run: MakeRun) -> None:
    levels = {
        "spgnet": {"*": 24, "object": 20},
        "lama": {"*": 20, "object": 24, "border": 26},
        "telea": {"*": 18, "object": 24},
    }

    assert verdict(make_run, levels).text == (
        "By PSNR hole, spgnet leads in 2 of 4 protocols; lama leads in border; lama and telea are tied in object."
    )


def test_no_difference(make_run: MakeRun) -> None:
    levels = {"spgnet": {"*": 20.0}, "lama": {"*": 20.01}, "telea": {"*": 10.0}}
    found = verdict(make_run, levels)

    assert found.text == "By PSNR hole, no model leads: lama and spgnet are tied in all 4 protocols."
    assert found.leader is None


def test_few_pictures_are_no_lead(make_run: MakeRun) -> None:
    found = verdict(make_run, {"spgnet": {"*": 24.0}, "telea": {"*": 10.0}}, n=4)

    assert found.leader is None
    assert found.text == (
        "By PSNR hole, spgnet has the best mean in all 4 protocols, but could not be tested against the others: "
        "fewer than 6 pictures in common, too few for so many tests."
    )


def test_few_pictures_name_the_best_mean_of_each_protocol(make_run: MakeRun) -> None:
    found = verdict(make_run, {"spgnet": {"*": 24.0, "object": 8.0}, "telea": {"*": 10.0}}, n=4)

    assert found.text.startswith(
        "By PSNR hole, spgnet has the best mean in center-50, freeform and border, telea in object, but could not be "
    )


def test_a_model_whose_rivals_all_failed_does_not_lead(make_run: MakeRun) -> None:
    failed = {"telea": range(20)}
    found = verdict(make_run, {"spgnet": {"*": 24.0}, "telea": {"*": 10.0}}, protocols=PROTOCOLS[:1], failed=failed)

    assert found.text == "By PSNR hole, spgnet has no other model to compare with; telea has no number in center-50."
    assert found.leader is None


def test_one_model_and_an_oracle(make_run: MakeRun) -> None:
    levels = {"telea": {"*": 20.0}, "cheat": {"*": 40.0}}

    alone = verdict(make_run, {"telea": {"*": 20.0}})
    assert alone.text == "By PSNR hole, telea has no other model to compare with."
    beside = verdict(make_run, levels, name="oracle", oracles=["cheat"])
    assert beside.text == "By PSNR hole, telea has no other model to compare with; oracles are not ranked."
    assert beside.leader is None


def test_an_oracle_never_leads(make_run: MakeRun) -> None:
    levels = {"telea": {"*": 20.0}, "mean": {"*": 10.0}, "cheat": {"*": 40.0}}

    assert verdict(make_run, levels, oracles=["cheat"]).text == "By PSNR hole, telea leads in all 4 protocols."


def test_a_model_without_a_number_is_named(make_run: MakeRun) -> None:
    levels = {"spgnet": {"*": 24.0}, "telea": {"*": 18.0}, "lama": {"*": 20.0}}
    found = verdict(make_run, levels, missing=[("lama", "object@2")])

    assert found.text == "By PSNR hole, spgnet leads in all 4 protocols; lama has no number in object."


def test_another_metric_and_none(make_run: MakeRun) -> None:
    levels = {"spgnet": {"*": 24.0}, "telea": {"*": 18.0}}
    run = read_run(make_run(models=list(levels), metrics=["psnr.hole", "l1.hole"], n=20, value=leveled(levels)))

    found = verdict_of(RunAnalysis(run), "l1.hole")
    assert found is not None
    assert found.text == "By L1 hole, telea leads in center-50."
    assert verdict_of(RunAnalysis(run), "ssim.hole") is None


def test_versions_are_named_where_they_tell_protocols_apart(make_run: MakeRun) -> None:
    levels = {"spgnet": {"*": 24.0}, "telea": {"*": 18.0}, "lama": {"*": 18.0}}
    found = verdict(make_run, levels, protocols=["center-50@1", "center-50@2"], missing=[("lama", "center-50@2")])

    assert found.text == "By PSNR hole, spgnet leads in both protocols; lama has no number in center-50@2."
