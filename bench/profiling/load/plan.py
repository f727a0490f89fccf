"""What a load test is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench.errors import UnknownName, UsageError
from bench.records.load import PERCENTS, SCENARIOS, Scenario
from bench.records.profile import Configuration
from bench.statistics.percentiles import CONFIDENCE, least_values

__all__ = ["STREAMS", "LoadPlan"]

STREAMS = 8
"""Pictures in a query of the multi-stream scenario, as in MLPerf Inference."""

_QUERIES: dict[Scenario, int] = {"single-stream": 64, "multi-stream": 662, "offline": 64, "server": 662}
"""The fewest queries by default: enough to bound the percentile with one slower query among them."""

_BUDGETS = 20
"""A trial of arrivals lasts so many budgets at least: under a load 5 % above the capacity, queries are late by then."""


@dataclass(frozen=True)
class LoadPlan:
    """The scenarios, and how long each trial is.

    Attributes:
        scenarios: in the order of work.
        budget_s: limit of the server's p99 in seconds; None without that scenario.
        rate: queries a second that the server scenario tests at first; None searches from the capacity down.
        queries: least number in a trial, for the offline scenario calls; None for that of the scenario: 64 where p90
            counts, 662 where p99 does.
        seconds: least length of a trial.
        seed: of arrivals and pictures; a confirming trial has another one.

    Raises:
        UsageError: for a number out of range, no budget for a server, or too few queries for the percentile.
        UnknownName: for an unknown scenario.
    """

    scenarios: tuple[Scenario, ...] = ("server",)
    budget_s: float | None = None
    rate: float | None = None
    queries: int | None = None
    seconds: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise UsageError("--load", "name at least one scenario", "none", f"Give one of {', '.join(SCENARIOS)}.")
        for scenario in self.scenarios:
            if scenario not in SCENARIOS:
                raise UnknownName("scenario", scenario, SCENARIOS)
        for name, must, value, fits in (
            ("budget", "be above 0", self.budget_s, self.budget_s is None or 0 < self.budget_s < math.inf),
            ("rate", "be above 0", self.rate, self.rate is None or 0 < self.rate < math.inf),
            ("length", "be 0 s or more", self.seconds, 0 <= self.seconds < math.inf),
            ("seed", "be 0 or more", self.seed, self.seed >= 0),
        ):
            if not fits:
                raise UsageError(f"{name} of a load test", must, str(value), f"Give another {name}.")
        self._check_server()
        self._check_queries()

    def _check_server(self) -> None:
        if ("server" in self.scenarios) != (self.budget_s is not None):
            must = "be given with the server scenario, and only with it"
            raise UsageError(
                "the budget of a load test", must, str(self.budget_s), "Give --load server --budget-p99 50ms."
            )
        if self.rate is not None and "server" not in self.scenarios:
            raise UsageError(
                "the rate of a load test", "belong to the server scenario", "another one", "Leave it away."
            )

    def _check_queries(self) -> None:
        for scenario in self.scenarios:
            least = 1 if scenario == "offline" else least_values(PERCENTS[scenario])
            if self.queries is not None and self.queries < least:
                raise UsageError(
                    f"queries of the {scenario} scenario",
                    f"be at least {least} for a p{PERCENTS[scenario]:g} with a confidence of {100 * CONFIDENCE:g} %",
                    str(self.queries),
                    f"Give {least} or more, or leave it away.",
                )

    def least_queries(self, scenario: Scenario) -> int:
        """The fewest queries of a trial."""
        return _QUERIES[scenario] if self.queries is None else self.queries

    def arrivals_at(self, rate: float) -> int:
        """Queries of a trial at a rate: enough for the percentile, for the length, and for 20 budgets."""
        seconds = max(self.seconds, _BUDGETS * (self.budget_s or 0.0))
        return max(self.least_queries("server"), math.ceil(rate * seconds))

    def tasks(self, configurations: Iterable[Configuration]) -> tuple[tuple[Scenario, Configuration], ...]:
        """What is measured: offline each batch size, a server the largest one, single-stream 1 and multi-stream 8."""
        every = tuple(configurations)
        largest = max((one.batch_size for one in every), default=1)
        sizes: dict[Scenario, int] = {"single-stream": 1, "multi-stream": STREAMS, "server": largest}
        tasks = [
            (scenario, replace(one, batch_size=sizes.get(scenario, one.batch_size)))
            for one in every
            for scenario in self.scenarios
        ]
        return tuple(dict.fromkeys(tasks))
