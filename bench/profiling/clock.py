"""Times one call until all of its work is done, and warms up until the times are steady."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch

__all__ = ["Clock", "Timed", "clock_for", "is_steady", "warm_up"]

T = TypeVar("T")

_WINDOW = 8
_TOLERANCE = 0.02
_TREND = 1.5  # standard deviations of Kendall's S above which there is a trend


@dataclass(frozen=True)
class Timed(Generic[T]):
    """One call: its seconds on the host's clock, its seconds on the device if that has events, and its result."""

    wall: float
    device: float | None
    result: T


class Clock(Protocol):
    """Times calls on one device."""

    def time(self, call: Callable[[], T]) -> Timed[T]:
        """Make a call, wait until the device has finished, and return the time."""
        ...

    def busy(self, call: Callable[[], object], wait: float, /) -> float | None:
        """Seconds that the device works for a call; None on a device without events.

        Args:
            call: to be made.
            wait: seconds that the device waits first, so that the host is done with launching before it begins.
        """
        ...


class _ClockWithoutEvents:
    def busy(self, _call: Callable[[], object], _wait: float, /) -> float | None:
        return None


class _HostClock(_ClockWithoutEvents):
    """For the CPU, where a call returns when its work is done."""

    def time(self, call: Callable[[], T]) -> Timed[T]:
        start = time.perf_counter()
        result = call()
        return Timed(time.perf_counter() - start, None, result)


_CYCLES = 2e9  # a second of a GPU, or a little more
_LONGEST_WAIT = 1.0


class _CudaClock:
    """Two events around the call on the device's own stream, and a wait before and after."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def time(self, call: Callable[[], T]) -> Timed[T]:
        with torch.cuda.device(self._device):
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # of torch
            torch.cuda.synchronize()
            start = time.perf_counter()
            first.record()
            result = call()
            last.record()
            torch.cuda.synchronize()
            wall = time.perf_counter() - start
            return Timed(wall, first.elapsed_time(last) / 1e3, result)

    def busy(self, call: Callable[[], object], wait: float, /) -> float | None:
        with torch.cuda.device(self._device):
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # of torch
            torch.cuda.synchronize()
            torch.cuda._sleep(int(min(wait, _LONGEST_WAIT) * _CYCLES))  # type: ignore[no-untyped-call]  # of torch
            first.record()
            call()
            last.record()
            torch.cuda.synchronize()
            return float(first.elapsed_time(last)) / 1e3


class _WaitingClock(_ClockWithoutEvents):
    """For accelerators without CUDA's events: the host's clock, and a wait before and after."""

    def time(self, call: Callable[[], T]) -> Timed[T]:
        torch.accelerator.synchronize()
        start = time.perf_counter()
        result = call()
        torch.accelerator.synchronize()
        return Timed(time.perf_counter() - start, None, result)


def clock_for(device: str) -> Clock:
    """The clock of a torch device."""
    kind = torch.device(device).type
    if kind == "cuda":
        return _CudaClock(torch.device(device))
    return _HostClock() if kind == "cpu" else _WaitingClock()


def warm_up(
    call: Callable[[], float],
    *,
    seconds: float,
    stopped: Callable[[], bool],
    most: int = 200,
    now: Callable[[], float] = time.monotonic,
) -> list[float]:
    """Make calls until their times are steady, or the time is up; returns the seconds of each call.

    Args:
        call: makes a call and returns its seconds.
        seconds: after which to end.
        stopped: asked before every call whether to end.
        most: largest number of calls.
        now: a monotonic clock, in seconds.
    """
    taken: list[float] = []
    end = now() + seconds
    while len(taken) < most and now() < end and not stopped() and not is_steady(taken):
        taken.append(call())
    return taken


def is_steady(taken: Sequence[float]) -> bool:
    """Whether the last eight calls lie on a flat line: no slope above 2 % over all of them, or none above the noise.

    The slope is the Theil-Sen estimate (the median of the slopes between all pairs). Kendall's S (the number of pairs
    that rise less the number of pairs that fall) decides whether it is above the noise.
    """
    if len(taken) < _WINDOW:
        return False
    last = taken[-_WINDOW:]
    pairs = list(itertools.combinations(range(_WINDOW), 2))
    slope = statistics.median((last[j] - last[i]) / (j - i) for i, j in pairs)
    trend = sum((last[j] > last[i]) - (last[j] < last[i]) for i, j in pairs)
    noise = (_WINDOW * (_WINDOW - 1) * (2 * _WINDOW + 5) / 18) ** 0.5
    return abs(slope) * (_WINDOW - 1) <= _TOLERANCE * statistics.median(last) or abs(trend) <= _TREND * noise
