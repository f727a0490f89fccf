"""The queue in front of a service, on any clock: what is answered when, for arrivals that are known beforehand.

The arrivals do not depend on the service, and latency counts from the scheduled arrival: a service that is slow cannot
delay the queries that would show it (no coordinated omission).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.records.load import LoadEnd

__all__ = ["Answered", "HostClock", "LateRule", "LoadClock", "Service", "back_to_back", "serve"]

Service = Callable[[range], object]
"""Answers the queries of these numbers in one call; returns when the answers are there."""

_LONGEST_SLEEP = 0.05


class LoadClock(Protocol):
    """A clock that can wait."""

    def now(self) -> float:
        """Seconds since some moment; never falls."""
        ...

    def wait(self, until: float) -> None:
        """Return at that time, or earlier."""
        ...


class HostClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter()

    def wait(self, until: float) -> None:
        """Sleep until then, but no longer than a stop may be left waiting."""
        time.sleep(min(max(0.0, until - self.now()), _LONGEST_SLEEP))


@dataclass(frozen=True)
class LateRule:
    """Early stopping: more than `allowed` answers that take longer than `limit` seconds decide a trial."""

    limit: float
    allowed: int


@dataclass(frozen=True)
class Answered:
    """What became of the queries.

    Attributes:
        latency: seconds of the answered queries, in the order of arrival.
        calls: of the service.
        seconds: from the start to the last answer.
        ended: as of a LoadTrial.
    """

    latency: tuple[float, ...]
    calls: int
    seconds: float
    ended: LoadEnd


def serve(
    arrivals: Sequence[float] | np.ndarray,
    service: Service,
    clock: LoadClock,
    *,
    largest_batch: int = 1,
    late: LateRule | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Answered:
    """Answer queries first come, first served; a call takes all that wait, up to the largest batch.

    Args:
        arrivals: seconds from the start, rising.
        service: one call at a time.
        clock: of the arrivals and the latencies.
        largest_batch: queries a call.
        late: ends the trial early.
        stopped: asked before every call and while waiting; True ends the trial.
    """
    times = [float(value) for value in arrivals]
    latency: list[float] = []
    calls = overdue = done = 0
    start = clock.now()
    seconds = 0.0
    ended: LoadEnd = "all"
    while done < len(times):
        while (now := clock.now()) < start + times[done] and not stopped():
            clock.wait(start + times[done])
        if stopped():
            ended = "stopped"
            break
        last = done + 1
        while last < len(times) and last - done < largest_batch and start + times[last] <= now:
            last += 1
        service(range(done, last))
        seconds = clock.now() - start
        taken = [seconds - arrival for arrival in times[done:last]]
        latency += taken
        calls, done = calls + 1, last
        if late is not None:
            overdue += sum(value > late.limit for value in taken)
            if overdue > late.allowed:
                ended = "late"
                break
    return Answered(tuple(latency), calls, seconds, ended)


def back_to_back(
    service: Service,
    clock: LoadClock,
    *,
    queries: int,
    seconds: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Answered:
    """One query after the other, each begun when the one before is answered.

    Args:
        service: is given one query a call.
        clock: of the latencies.
        queries: the fewest.
        seconds: the shortest time; the trial ends when both are reached.
        stopped: asked before every call; True ends the trial.
    """
    latency: list[float] = []
    start = last = clock.now()
    while len(latency) < queries or last - start < seconds:
        if stopped():
            return Answered(tuple(latency), len(latency), last - start, "stopped")
        begun = clock.now()
        service(range(len(latency), len(latency) + 1))
        last = clock.now()
        latency.append(last - begun)
    return Answered(tuple(latency), len(latency), last - start, "all")
