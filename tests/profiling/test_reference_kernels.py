from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from bench.profiling.reference_kernels import LookBook, ReferenceKernels
from bench.records.steadiness import KERNELS

LINES = 8
NEEDS_A_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@dataclass
class Machine:
    """Reference kernels on a machine whose noise is known; the logarithm of their seconds is drawn, not timed.

    Attributes:
        seed: of the noise.
        noise: `white` (independent looks), `wandering` (each look is 0.9 of the last one, and a bursts of a line lie
            far apart), `bursts` (a call in ten is half as long again, or longer).
        sigma: standard deviation of a look or a call.
        shift: from line 3 on everything takes longer by this share.
    """

    seed: int
    noise: str
    sigma: float
    shift: float = 0.0
    wander: float = 0.0
    line: int = 0
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.book = LookBook(Drawn(self), on_cpu=True, sleep=lambda _: self.rest(10))

    def rest(self, looks: int) -> None:
        """The machine goes on while nobody looks."""
        keeps = 0.9**looks
        self.wander = keeps * self.wander + math.sqrt(1 - keeps**2) * float(self.random.normal(0, self.sigma))

    def look(self) -> float:
        self.rest(1)
        log = {"white": self.white, "wandering": self.wandering, "bursts": self.bursts}[self.noise]()
        return math.exp(log) * (1 + self.shift if self.line > 3 else 1.0)

    def white(self) -> float:
        return float(self.random.normal(0, self.sigma))

    def wandering(self) -> float:
        return self.wander + float(self.random.normal(0, self.sigma / 4))

    def bursts(self) -> float:
        long = (self.random.random(5) < 0.1) * self.random.exponential(0.5, 5)
        return float(np.median(self.random.normal(0, self.sigma, 5) + long))

    def measure(self) -> list[bool]:
        """Whether each line is INVALID."""
        return [self.one_line() for _ in range(LINES)]

    def one_line(self) -> bool:
        self.book.before()
        self.line += 1
        self.rest(100)
        looks = self.book.after(("sum",), seconds=1e9)["sum"]
        before, after = looks.medians
        return abs(after / before - 1) > looks.limit


class Drawn(ReferenceKernels):
    """Looks at a machine that is drawn."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.waited = machine, 0.0

    def looks(self, count: int = 5, calls: int = 5) -> dict[str, tuple[float, ...]]:
        del calls
        return {"sum": tuple(self.machine.look() for _ in range(count))}


def rate(make: Callable[[int], Machine], runs: int = 40) -> np.ndarray:
    """Share of INVALID at each line."""
    return np.asarray(np.mean([make(seed).measure() for seed in range(runs)], axis=0))


@pytest.mark.parametrize("sigma", [0.001, 0.01, 0.03])
@pytest.mark.parametrize(("noise", "most"), [("white", 0.01), ("wandering", 0.12), ("bursts", 0.01)])
def test_lines_on_a_steady_machine_stand_however_noisy_it_is(noise: str, sigma: float, most: float) -> None:
    assert rate(lambda seed: Machine(seed, noise, sigma)).mean() <= most


@pytest.mark.parametrize(("sigma", "shift"), [(0.001, 0.03), (0.001, -0.03), (0.01, 0.1), (0.03, 0.2), (0.1, 0.4)])
@pytest.mark.parametrize("noise", ["white", "wandering", "bursts"])
def test_a_machine_that_changes_is_found_in_the_line_in_which_it_does(noise: str, sigma: float, shift: float) -> None:
    invalid = rate(lambda seed: Machine(seed, noise, sigma, shift))

    assert invalid[3] >= 0.9


def test_a_throttle_of_a_tenth_is_found_although_the_lines_before_were_noisy() -> None:
    """The noise of a line in which the machine changes does not raise its own limit above the change."""
    assert rate(lambda seed: Machine(seed, "white", 0.005, 0.1))[3] == 1.0


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda:0", marks=NEEDS_A_GPU)])
def test_kernels_are_looked_at_in_turn(device: str) -> None:
    kernels = ReferenceKernels(device)

    looks = kernels.looks(2, 1)

    assert list(looks) == list(KERNELS)
    assert all(len(taken) == 2 and min(taken) > 0 for taken in looks.values())
    assert 0 <= (kernels.waited or 0.0) <= 1
