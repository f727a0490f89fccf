"""A clock that only waiting and serving move, and services with known times on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class SimulatedClock:
    time: float = 100.0

    def now(self) -> float:
        return self.time

    def wait(self, until: float) -> None:
        self.time = max(self.time, until)


@dataclass
class SimulatedService:
    """Takes `seconds(n)` for n queries, or of each query its own time; keeps what it was asked."""

    clock: SimulatedClock
    seconds: Callable[[int], float] = lambda _: 0.01
    own: Sequence[float] = ()
    asked: list[range] = field(default_factory=list)
    pictures: int = 4

    def __call__(self, numbers: range) -> None:
        self.asked.append(numbers)
        taken = sum(self.own[number] for number in numbers) if len(self.own) else self.seconds(len(numbers))
        self.clock.time += taken

    def answer(self, chosen: np.ndarray) -> None:
        self(range(len(np.atleast_1d(chosen))))
