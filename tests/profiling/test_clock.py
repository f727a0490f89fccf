from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.profiling.clock import clock_for, is_steady, warm_up


def test_a_falling_line_is_not_steady_and_a_flat_one_is() -> None:
    falling = [0.010 * 0.97**turn for turn in range(8)]

    assert not is_steady(falling)
    assert is_steady([0.010] * 8)
    assert is_steady([*falling, *[0.008] * 8])


def test_noise_without_a_trend_counts_as_steady() -> None:
    random = np.random.default_rng(0)
    steady = [is_steady(random.lognormal(-4, 0.2, 8).tolist()) for _ in range(200)]

    assert np.mean(steady) > 0.8


def test_a_slope_in_the_noise_is_seen() -> None:
    random = np.random.default_rng(0)
    slope = np.linspace(2, 1, 8)
    steady = [is_steady((slope * random.lognormal(-4, 0.05, 8)).tolist()) for _ in range(200)]

    assert np.mean(steady) < 0.02


@given(st.lists(st.floats(1e-6, 10), max_size=7))
def test_fewer_than_eight_calls_are_never_enough(taken: list[float]) -> None:
    assert not is_steady(taken)


@given(st.lists(st.floats(1e-6, 10), min_size=8, max_size=20), st.integers(-20, 20))
def test_the_unit_of_the_clock_does_not_matter(taken: list[float], power: int) -> None:
    assert is_steady([value * 2.0**power for value in taken]) == is_steady(taken)


def test_warming_up_ends_when_the_calls_are_steady() -> None:
    times = iter([1.0, 0.5, 0.2, 0.1] + [0.05] * 100)

    taken = warm_up(lambda: next(times), seconds=1e9, stopped=lambda: False)

    assert 8 < len(taken) <= 12
    assert taken[-5:] == [0.05] * 5


def test_warming_up_ends_when_the_time_is_up_or_someone_stops_it() -> None:
    clock = itertools.count()
    falling = (1 / (turn + 1) for turn in range(1000))

    assert len(warm_up(lambda: next(falling), seconds=5, stopped=lambda: False, now=lambda: next(clock))) == 4
    assert warm_up(lambda: 1.0, seconds=5, stopped=lambda: True) == []


def test_a_timed_call_gives_its_result() -> None:
    timed = clock_for("cpu").time(lambda: "done")

    assert timed.result == "done"
    assert timed.wall > 0
    assert timed.device is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_an_asynchronous_kernel_is_timed_to_its_end() -> None:
    cycles = 200_000_000
    clock = clock_for("cuda:0")
    clock.time(lambda: torch.cuda._sleep(cycles))  # type: ignore[no-untyped-call]  # of torch

    timed = clock.time(lambda: torch.cuda._sleep(cycles))  # type: ignore[no-untyped-call]  # of torch
    double = clock.time(lambda: torch.cuda._sleep(2 * cycles))  # type: ignore[no-untyped-call]  # of torch

    assert timed.device is not None
    assert double.device is not None
    assert timed.device > 0.02
    assert timed.wall >= timed.device
    assert double.device / timed.device == pytest.approx(2, rel=0.3)  # the clock rate of a GPU changes


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_work_of_a_device_leaves_out_what_it_waits_for() -> None:
    clock, pause = clock_for("cuda:0"), 0.2

    def call() -> None:
        for _ in range(2):
            torch.cuda._sleep(20_000_000)  # type: ignore[no-untyped-call]  # of torch
            time.sleep(pause)

    clock.time(call)
    timed, busy = clock.time(call), clock.busy(call, 0.9)

    assert timed.device is not None
    assert timed.device > 2 * pause, "the device waits for the host"
    assert busy is not None
    assert busy < pause  # 20 ms of work alone on the device; another program's turns on it count as work
    assert clock_for("cpu").busy(call, 0.5) is None
