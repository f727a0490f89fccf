from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.profiling.load.arrivals import picture_choice, poisson_arrivals
from bench.profiling.load.queries import Answered, HostClock, LateRule, back_to_back, serve
from tests.profiling.load.simulation import SimulatedClock, SimulatedService

SERVICE = 0.01


def queue(rate: float, own: np.ndarray, **options: object) -> Answered:
    """One server, Poisson arrivals, a service time of each query."""
    clock = SimulatedClock()
    service = SimulatedService(clock, own=own.tolist())
    return serve(poisson_arrivals(rate, len(own), 1), service, clock, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_waits_of_constant_service_times_are_those_of_pollaczek_and_khinchine(load: float) -> None:
    answered = queue(load / SERVICE, np.full(60_000, SERVICE))

    wait = np.mean(answered.latency) - SERVICE
    assert wait == pytest.approx(load * SERVICE / (2 * (1 - load)), rel=0.05)


@pytest.mark.parametrize("percent", [50, 90, 99])
def test_percentiles_of_exponential_service_times_are_those_of_an_m_m_1_queue(percent: float) -> None:
    load = 0.5
    own = np.random.default_rng(7).exponential(SERVICE, 60_000)

    answered = queue(load / SERVICE, own)

    expected = -math.log(1 - percent / 100) * SERVICE / (1 - load)
    assert np.percentile(answered.latency, percent) == pytest.approx(expected, rel=0.06)


def test_arrivals_are_poisson_and_follow_from_their_seed() -> None:
    arrivals = poisson_arrivals(50, 20_000, 3)
    gaps = np.diff(arrivals, prepend=0.0)

    assert (gaps > 0).all()
    assert gaps.mean() == pytest.approx(0.02, rel=0.03)
    assert gaps.std() == pytest.approx(0.02, rel=0.03)
    assert np.array_equal(poisson_arrivals(50, 20_000, 3), arrivals)
    assert np.allclose(poisson_arrivals(100, 20_000, 3), arrivals / 2)
    assert not np.allclose(poisson_arrivals(50, 20_000, 4), arrivals)
    assert set(picture_choice(4, 100, 3)) == {0, 1, 2, 3}


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 0.05), min_size=1, max_size=40),
    largest=st.integers(1, 5),
    fixed=st.floats(0.001, 0.03),
    each=st.floats(0, 0.01),
)
def test_every_query_is_answered_once_in_order_and_never_before_it_is_served(
    gaps: list[float], largest: int, fixed: float, each: float
) -> None:
    arrivals = np.cumsum(gaps)
    clock = SimulatedClock()
    service = SimulatedService(clock, lambda n: fixed + each * n)

    answered = serve(arrivals, service, clock, largest_batch=largest)

    assert [number for numbers in service.asked for number in numbers] == list(range(len(gaps)))
    assert max(map(len, service.asked)) <= largest
    assert answered.calls == len(service.asked)
    assert (answered.ended, len(answered.latency)) == ("all", len(gaps))
    assert min(answered.latency) >= fixed + each - 1e-9
    done = arrivals + np.array(answered.latency)
    assert (np.diff(done) >= -1e-9).all()
    assert answered.seconds == pytest.approx(done[-1])
    for numbers in service.asked:  # a query that has not arrived yet is not in a call
        begin = done[numbers.start] - (fixed + each * len(numbers))
        assert arrivals[numbers[-1]] <= begin + 1e-9


def test_a_slow_answer_does_not_delay_the_arrivals_behind_it() -> None:
    clock = SimulatedClock()
    own = [1.0, *[0.001] * 9]

    answered = serve([0.1 * index for index in range(10)], SimulatedService(clock, own=own), clock)

    assert answered.latency[5] == pytest.approx(1.0 + 5 * 0.001 - 0.5)


def test_a_trial_ends_when_the_late_queries_decide_it() -> None:
    answered = queue(2 / SERVICE, np.full(1000, SERVICE), late=LateRule(0.05, 3))

    late = [taken > 0.05 for taken in answered.latency]
    assert (answered.ended, sum(late), late[-1]) == ("late", 4, True)


def test_a_stop_ends_a_trial_and_keeps_its_answers() -> None:
    clock = SimulatedClock()
    service = SimulatedService(clock)

    answered = serve([0.0] * 10, service, clock, stopped=lambda: len(service.asked) == 3)
    streamed = back_to_back(service, clock, queries=10, seconds=0, stopped=lambda: len(service.asked) == 5)

    assert (answered.ended, len(answered.latency)) == ("stopped", 3)
    assert streamed.ended == "stopped"
    assert streamed.latency == pytest.approx((0.01, 0.01))


def test_streams_go_on_for_the_queries_and_the_time() -> None:
    clock = SimulatedClock()

    few = back_to_back(SimulatedService(clock), clock, queries=3, seconds=0.1)
    many = back_to_back(SimulatedService(clock), clock, queries=30, seconds=0.1)

    assert (len(few.latency), len(many.latency)) == (10, 30)
    assert many.seconds == pytest.approx(0.3)


def test_the_clock_of_the_machine_waits_but_not_for_long() -> None:
    clock = HostClock()
    start = clock.now()

    clock.wait(start + 0.002)
    first = clock.now()
    clock.wait(start + 1e6)

    assert first >= start + 0.002
    assert clock.now() - first < 10
