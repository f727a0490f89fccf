from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UnknownName, UsageError
from bench.profiling.load import LoadPlan
from bench.profiling.load.arrivals import poisson_arrivals
from bench.profiling.load.queries import serve
from bench.profiling.load.search import SearchRule, confirm_rate, search_rate
from bench.profiling.load.trials import Trials
from bench.records.load import LoadPurpose
from bench.records.profile import Configuration
from tests.profiling.load.simulation import SimulatedClock, SimulatedService

PLAN = LoadPlan(("server",), budget_s=0.05, seconds=0.0)


def simulated(plan: LoadPlan, **options: object) -> Trials:
    clock = SimulatedClock()
    return Trials(SimulatedService(clock), clock, plan, **options)  # type: ignore[arg-type]


@given(limit=st.floats(3.2, 100))
def test_a_search_ends_just_below_the_highest_rate_that_is_held(limit: float) -> None:
    asked: list[float] = []

    def held(rate: float, seed: int, purpose: LoadPurpose) -> bool:
        asked.append(rate)
        return rate <= limit

    found = search_rate(held, 100.0, 0)

    assert found <= limit
    assert limit <= found / (1 - 0.05) * (1 + 1e-9)
    assert len(asked) <= 12


def test_a_search_without_a_held_rate_or_with_a_stop_ends() -> None:
    assert search_rate(lambda *_: False, 64.0, 0) == 0.0
    assert search_rate(lambda *_: None, 64.0, 0) == 0.0
    assert search_rate(lambda rate, *_: True if rate == 32 else None, 64.0, 0) == 32.0
    assert confirm_rate(lambda *_: True, 0.0, 0) == 0.0
    assert confirm_rate(lambda *_: None, 5.0, 0) == 0.0


def test_a_rate_is_confirmed_with_seeds_of_its_own_at_falling_rates() -> None:
    asked: list[tuple[float, int, str]] = []

    def held(rate: float, seed: int, purpose: LoadPurpose) -> bool:
        asked.append((round(rate, 3), seed, purpose))
        return len(asked) == 3

    assert confirm_rate(held, 100.0, 9, SearchRule(precision=0.1)) == pytest.approx(81)
    assert asked == [(100, 9, "confirm"), (90, 10, "confirm"), (81, 11, "confirm")]


def test_the_server_scenario_finds_and_confirms_a_rate_below_the_capacity() -> None:
    trials = simulated(PLAN)

    rate = trials.server(1, 125.0, 99)

    *search, last = trials.made
    assert (last.purpose, last.rate, last.ended) == ("confirm", rate, "all")
    assert last.holds(99, 0.05)
    assert last.bound(99) <= 0.05
    assert {trial.seed for trial in search if trial.purpose == "search"} == {0}
    assert last.seed > 0
    for other, holds in ((rate, True), (1.8 * rate, False)):
        clock = SimulatedClock()
        longer = serve(poisson_arrivals(other, 30_000, 99), SimulatedService(clock), clock)
        assert bool(np.percentile(longer.latency, 99) <= 0.05) is holds
    assert [trial.ended for trial in trials.made if not trial.holds(99, 0.05)] == ["late"] * sum(
        not trial.holds(99, 0.05) for trial in trials.made
    )


@settings(max_examples=25, deadline=None)
@given(first=st.floats(0.012, 0.2), more=st.floats(1, 5))
def test_a_larger_budget_never_gives_a_lower_rate(first: float, more: float) -> None:
    rates = []
    for budget in (first, first * more):
        trials = simulated(replace(PLAN, budget_s=budget))
        trials.plan = FixedLength(("server",), budget_s=budget, seconds=0.0)
        trials.server(1, 100.0, 99)
        held = [trial.rate for trial in trials.made if trial.purpose == "search" and trial.holds(99, budget)]
        rates.append(max(filter(None, held), default=0.0))

    assert rates[0] <= rates[1]


class FixedLength(LoadPlan):
    """As many queries at each rate, so that a rate changes nothing but the rate."""

    def arrivals_at(self, rate: float) -> int:  # noqa: ARG002 (that of a LoadPlan)
        return 662


def test_larger_batches_hold_a_higher_rate() -> None:
    def rate(largest: int) -> float:
        clock = SimulatedClock()
        trials = Trials(SimulatedService(clock, lambda n: 0.008 + 0.002 * n), clock, PLAN)
        return trials.server(largest, 1.25 * largest / (0.008 + 0.002 * largest), 99)

    assert rate(8) > 1.5 * rate(1)


def test_a_rate_that_is_asked_for_is_tested_at_once_and_a_lower_one_only_if_it_is_not_held() -> None:
    easy, hard = simulated(replace(PLAN, rate=20.0)), simulated(replace(PLAN, rate=1000.0))

    assert easy.server(1, 100.0, 99) == 20.0
    assert [trial.purpose for trial in easy.made] == ["confirm"]
    assert 20 < hard.server(1, 100.0, 99) < 80
    assert (hard.made[0].rate, hard.made[0].ended) == (1000.0, "late")


def test_trials_are_long_enough_for_the_percentile_the_time_and_the_budget() -> None:
    plan = LoadPlan(("server",), budget_s=0.5, seconds=10.0)

    assert plan.arrivals_at(1) == 662
    assert plan.arrivals_at(500) == 5000
    assert replace(plan, budget_s=2.0).arrivals_at(500) == 20_000
    assert replace(plan, queries=459, seconds=0.0).arrivals_at(1) == 459


def test_each_scenario_has_its_batch_sizes_once() -> None:
    plan = LoadPlan(("single-stream", "multi-stream", "offline", "server"), budget_s=0.05)

    tasks = plan.tasks([Configuration(32, 32, size) for size in (1, 16)])

    assert [(scenario, one.batch_size) for scenario, one in tasks] == [
        ("single-stream", 1),
        ("multi-stream", 8),
        ("offline", 1),
        ("server", 16),
        ("offline", 16),
    ]


def test_streams_have_the_pictures_of_their_scenario() -> None:
    trials = simulated(LoadPlan(("single-stream", "multi-stream", "offline"), queries=500, seconds=0.0))
    for scenario, size in (("single-stream", 1), ("multi-stream", 8), ("offline", 4)):
        trials.streams(scenario, size)  # type: ignore[arg-type]  # a scenario

    assert [(trial.pictures, len(trial.latency_us)) for trial in trials.made] == [(1, 500), (8, 500), (4, 500)]
    assert [trial.pictures_per_s for trial in trials.made] == pytest.approx([100, 800, 400])


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"budget_s": None}, "budget"),
        ({"budget_s": -0.05}, "budget"),
        ({"budget_s": 0.0}, "budget"),
        ({"scenarios": ("offline",)}, "budget"),
        ({"rate": 0.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"scenarios": ("offline",), "budget_s": None, "rate": 3.0}, "rate"),
        ({"queries": 458}, "at least 459 for a p99"),
        ({"scenarios": ("single-stream",), "budget_s": None, "queries": 43}, "at least 44 for a p90"),
        ({"seconds": -1.0}, "length"),
        ({"seconds": float("inf")}, "length"),
        ({"seed": -1}, "seed"),
        ({"scenarios": ()}, "scenario"),
    ],
)
def test_plans_that_cannot_be_carried_out_are_refused(wrong: dict[str, object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        LoadPlan(**{"scenarios": ("server",), "budget_s": 0.05, **wrong})  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_scenario_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean server"):
        LoadPlan(("sever",), budget_s=0.05)  # type: ignore[arg-type]  # wrong on purpose
