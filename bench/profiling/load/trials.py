"""The trials of each scenario: queries for one service on one clock, as records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.profiling.load.arrivals import picture_choice, poisson_arrivals
from bench.profiling.load.plan import STREAMS, LoadPlan
from bench.profiling.load.queries import Answered, LateRule, LoadClock, back_to_back, serve
from bench.profiling.load.search import confirm_rate, search_rate
from bench.records.load import LoadPurpose, LoadTrial, Scenario
from bench.statistics.percentiles import allowed_above

__all__ = ["PictureService", "Trials"]


class PictureService(Protocol):
    """Fills pictures."""

    @property
    def pictures(self) -> int:
        """How many there are to choose from."""
        ...

    def answer(self, chosen: NDArray[np.int64]) -> object:
        """Fill the chosen pictures in one call, and return when they are there."""
        ...


@dataclass
class Trials:
    """Makes the trials of one scenario.

    Attributes:
        service: what is tested.
        clock: of arrivals and latencies.
        plan: of the test.
        stopped: whether to end.
        on_trial: called after every trial.
        made: the trials so far.
    """

    service: PictureService
    clock: LoadClock
    plan: LoadPlan
    stopped: Callable[[], bool] = lambda: False
    on_trial: Callable[[LoadTrial], None] = lambda _: None
    made: list[LoadTrial] = field(default_factory=list)

    def streams(self, scenario: Scenario, batch_size: int) -> None:
        """One query after the other: single-stream, multi-stream (8 pictures a query), offline (a batch a query)."""
        pictures = {"single-stream": 1, "multi-stream": STREAMS}.get(scenario, batch_size)
        least, seed = self.plan.least_queries(scenario), self.plan.seed
        chosen = picture_choice(self.service.pictures, pictures * least, seed).reshape(least, pictures)
        answered = back_to_back(
            lambda query: self.service.answer(chosen[query.start % least]),
            self.clock,
            queries=least,
            seconds=self.plan.seconds,
            stopped=self.stopped,
        )
        planned = max(least, len(answered.latency))
        self._keep(answered, LoadTrial("measure", None, seed, planned, pictures, batch_size, (), 0, 0.0))

    def server(self, largest_batch: int, capacity: float, percent: float) -> float:
        """Find and confirm the highest rate that is held; 0 where none is.

        Args:
            largest_batch: pictures that one call takes at most.
            capacity: pictures a second in full batches, from which the search comes down.
            percent: that is to lie within the budget of the plan.
        """

        def held(rate: float, seed: int, purpose: LoadPurpose) -> bool | None:
            trial = self.arrivals(rate, seed, purpose, largest_batch, percent)
            return None if trial.ended == "stopped" else trial.holds(percent, self._budget)

        highest, fresh = capacity, self.plan.seed + 1
        if self.plan.rate is not None:
            answer = held(self.plan.rate, fresh, "confirm")
            if answer or answer is None:
                return self.plan.rate if answer else 0.0
            highest, fresh = min(capacity, self.plan.rate), fresh + 1
        return confirm_rate(held, search_rate(held, highest, self.plan.seed), fresh)

    def arrivals(self, rate: float, seed: int, purpose: LoadPurpose, largest_batch: int, percent: float) -> LoadTrial:
        """One trial of Poisson arrivals."""
        queries = self.plan.arrivals_at(rate)
        chosen = picture_choice(self.service.pictures, queries, seed)
        answered = serve(
            poisson_arrivals(rate, queries, seed),
            lambda numbers: self.service.answer(chosen[numbers.start : numbers.stop]),
            self.clock,
            largest_batch=largest_batch,
            late=LateRule(self._budget, allowed_above(queries, percent)),
            stopped=self.stopped,
        )
        return self._keep(answered, LoadTrial(purpose, rate, seed, queries, 1, largest_batch, (), 0, 0.0))

    @property
    def _budget(self) -> float:
        return self.plan.budget_s or 0.0

    def _keep(self, answered: Answered, plan: LoadTrial) -> LoadTrial:
        trial = LoadTrial(
            plan.purpose,
            plan.rate,
            plan.seed,
            plan.queries,
            plan.pictures,
            plan.largest_batch,
            tuple(round(1e6 * taken) for taken in answered.latency),
            answered.calls,
            round(answered.seconds, 6),
            answered.ended,
        )
        self.made.append(trial)
        self.on_trial(trial)
        return trial
