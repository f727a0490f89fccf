from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.profiling.decision import RoundTimes, Rules, decide, noise_floor
from bench.profiling.latency_gate import Schedule, time_rounds

STEADY = {"sum": (1.0,) * 20}


class Machine:
    """A shared machine: a load that wanders and moves all processes, jitter, bursts, and an offset of each process.

    Sized after a loaded two-core machine: a few percent from call to call, now and then a call that is much longer,
    half a percent that a process keeps for its life.
    """

    def __init__(
        self, seed: int, slower: float = 1.0, jitter: float = 0.03, drift: float = 0.0, references: float = 0.003
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.slower, self.jitter, self.drift, self.noise = slower, jitter, drift, references
        self.load, self.turn = 0.0, 0
        self.offsets = {process: float(self.random.normal(0, 0.005)) for process in ("base", "head", "again")}

    def time_block(self, process: str) -> list[float]:
        self.load += float(self.random.normal(0, 0.01))
        bursts = (self.random.random(5) < 0.1) * self.random.exponential(0.5, 5)
        logs = self.load + self.offsets[process] + self.random.normal(0, self.jitter, 5) + bursts
        return list(0.005 * (self.slower if process == "head" else 1.0) * np.exp(logs))

    def references(self) -> dict[str, float]:
        self.turn += 1
        return {"sum": 1.0 + self.drift * self.turn / 20 + float(self.random.normal(0, self.noise))}

    def rounds(self, rules: Rules) -> RoundTimes:
        return time_rounds(self.time_block, self.references, rules, Schedule())


def verdicts(runs: int, make: Callable[[int], Machine]) -> Counter[str]:
    rules = Rules()
    return Counter(decide([make(seed).rounds(rules)], rules)[0].verdict for seed in range(runs))


def test_ten_percent_slower_is_caught() -> None:
    found = verdicts(100, lambda seed: Machine(seed, slower=1.1))

    assert found["slower"] >= 95
    assert found["faster"] == 0


def test_ten_percent_faster_is_seen() -> None:
    assert verdicts(40, lambda seed: Machine(seed, slower=1 / 1.1))["faster"] >= 36


def test_the_same_model_is_never_flagged_in_200_runs() -> None:
    found = verdicts(200, Machine)

    assert found["slower"] == found["faster"] == 0
    assert found["same"] >= 190


def test_two_percent_is_below_the_factor() -> None:
    assert verdicts(40, lambda seed: Machine(seed, slower=1.02))["slower"] == 0


def test_a_noisy_machine_gets_no_verdict_that_it_cannot_bear() -> None:
    found = verdicts(40, lambda seed: Machine(seed, jitter=0.5))

    assert found["INVALID"] >= 36
    assert found["slower"] + found["faster"] == 0


def test_a_machine_that_is_not_quiet_is_invalid() -> None:
    rounds = RoundTimes((1.0,) * 20, (1.0,) * 20, (1.0,) * 20, {}, "load 7.9 on 2 cores")

    (found,) = decide([rounds])

    assert (found.verdict, found.reason) == ("INVALID", "this machine is not quiet: load 7.9 on 2 cores")


def test_a_machine_that_drifts_is_invalid_both_ways() -> None:
    assert verdicts(10, lambda seed: Machine(seed, slower=1.1, drift=0.2)) == {"INVALID": 10}
    assert verdicts(10, lambda seed: Machine(seed, drift=-0.2)) == {"INVALID": 10}


def test_reference_kernels_are_judged_by_their_own_noise() -> None:
    noisy = verdicts(20, lambda seed: Machine(seed, jitter=0.001, references=0.04))
    drifting = verdicts(20, lambda seed: Machine(seed, jitter=0.001, references=0.04, drift=0.4))

    assert noisy["INVALID"] <= 1
    assert drifting["INVALID"] == 20


def test_the_family_is_corrected() -> None:
    random = np.random.default_rng(1)
    base, head, again = (tuple(np.exp(random.normal(0, 0.001, 20))) for _ in range(3))
    slow = RoundTimes(base, tuple(1.2 * value for value in head), again, STEADY)
    same = RoundTimes(base, head, again, STEADY)

    alone = decide([slow])[0]
    among = decide([slow, *[same] * 9])

    assert alone.verdict == among[0].verdict == "slower"
    assert among[0].p == pytest.approx(10 * alone.p)
    assert {result.verdict for result in among[1:]} == {"same"}
    assert alone.ratio == pytest.approx(1.2, rel=0.01)


def test_significance_alone_is_not_enough_and_neither_is_size() -> None:
    random = np.random.default_rng(2)
    quiet = [tuple(np.exp(random.normal(0, 1e-4, 20))) for _ in range(3)]
    small = RoundTimes(quiet[0], tuple(1.01 * value for value in quiet[1]), quiet[2], STEADY)
    few = RoundTimes((1.0, 1.001, 0.999), (1.2, 1.201, 1.199), (1.0, 1.001, 0.999), STEADY)

    decision = decide([small])[0]
    assert decision.p < 0.01
    assert decision.verdict == "same"
    assert decide([few])[0].verdict == "same"  # three rounds can give no p below 0.25
    assert decide([few])[0].ratio == pytest.approx(1.2)


@settings(max_examples=25)
@given(st.lists(st.floats(0.5, 2.0), min_size=8, max_size=24), st.floats(1e-6, 1e3))
def test_the_unit_of_time_does_not_matter(times: list[float], unit: float) -> None:
    base, head, again = tuple(times), tuple(reversed(times)), tuple(sorted(times))
    first, second, third = (tuple(unit * value for value in process) for process in (base, head, again))

    one, other = decide([RoundTimes(base, head, again, {}), RoundTimes(first, second, third, {})])

    assert other.ratio == pytest.approx(one.ratio, rel=1e-9)
    assert other.floor == pytest.approx(one.floor, rel=1e-6, abs=1e-9)


def test_the_floor_covers_the_difference_of_the_copies_as_often_as_promised() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        again = tuple(1.03 * np.exp(random.normal(0, 0.02, 20)))
        covered += noise_floor(RoundTimes((1.0,) * 20, again, again, {})) >= 0.03
    still = RoundTimes((1.0,) * 20, (1.0,) * 20, tuple(1.03 * np.exp(random.normal(0, 0.001, 20))), {})

    assert covered / 400 > 0.95  # the upper end of a two-sided 95 % interval
    assert 0.03 < noise_floor(still) < 0.032


def test_rounds_go_on_while_the_copies_of_the_base_differ_too_much() -> None:
    def rounds(jitter: float) -> int:
        machine = Machine(0, jitter=jitter)
        return len(machine.rounds(Rules()).base)

    assert rounds(0.001) == 20
    assert rounds(0.5) == 60


def test_the_processes_are_timed_in_one_order_and_in_reverse() -> None:
    timed: list[str] = []

    def time_block(process: str) -> list[float]:
        timed.append(process)
        return [1.0]

    rounds = time_rounds(time_block, lambda: {"sum": 1.0}, Rules(), Schedule(rounds=8))

    turns = [timed[start : start + 6] for start in range(0, 48, 6)]
    for turn in turns:
        assert turn == turn[::-1]
        assert set(turn[:3]) == {"base", "head", "again"}
    assert len(timed) == 48
    assert rounds.references == {"sum": (1.0,) * 8}


@pytest.mark.parametrize("wrong", [{"factor": 1.0}, {"alpha": 0.0}, {"drift": -1.0}])
def test_rules_that_decide_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Rules(**wrong)
