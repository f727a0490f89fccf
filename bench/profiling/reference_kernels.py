"""Reference kernels: three kernels that do not depend on a model. If their times change, the machine has changed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Collection

import torch
from torch.nn import functional

from bench.profiling.clock import Clock, clock_for, warm_up
from bench.profiling.execution import precision_context
from bench.records.steadiness import KERNELS, Looks, drift_limit, look_noise

__all__ = ["LookBook", "ReferenceKernels", "seconds"]

_CALLS = 21
_LOOKS = 5
_CALLS_OF_A_LOOK = 5
_WARM_UP = 5
_WARM_UP_SECONDS = 0.3
_TINY_CALLS = 400
_REPEATS = {"convolution": 8, "sum": 4}
"""On a GPU: the first launch of a call takes microseconds, which must be nothing beside its kernels."""

_AGAIN, _PAUSE = 2, 0.25


class ReferenceKernels:
    """Times a convolution (compute-bound), a sum (memory-bound) and many tiny calls (bound by launch overhead).

    Args:
        device: torch device that they run on.

    Attributes:
        waited: share of the time of tiny calls on the CPU, which run on one thread, that the thread was kept from the
            processor, 0 to 1; None before they are timed.
    """

    waited: float | None = None

    def __init__(self, device: str) -> None:
        self._device, self._clock = device, clock_for(device)
        self._large = torch.device(device).type != "cpu"
        # On the CPU the tensors are kept, because new pages would lie elsewhere in the cache. On a GPU they take a
        # gigabyte, so they are made for each timing.
        self._kept = None if self._large else self._kernels()
        self._host = _tiny_calls(torch.ones(16))

    def time(self) -> dict[str, float]:
        """Median seconds of each kernel; frees GPU memory afterwards, because it would count as the model's."""
        return {name: looks[0] for name, looks in self.looks(1, _CALLS).items()}

    def looks(self, count: int = _LOOKS, calls: int = _CALLS_OF_A_LOOK) -> dict[str, tuple[float, ...]]:
        """Look at the kernels several times in turn; a look is the median seconds over some calls."""
        kernels = self._kept or self._kernels()
        found: dict[str, list[float]] = {name: [] for name in kernels}
        self.waited = self._waited(count * calls)
        with precision_context("fp32", self._device):
            if self._large:
                for kernel in kernels.values():
                    self._warm_up(kernel)
            for _ in range(count):
                for name, kernel in kernels.items():
                    if not self._large:
                        self._warm_up(kernel)  # the kernel before has taken the caches
                    taken = statistics.median(seconds(self._clock, kernel) for _ in range(calls))
                    found[name].append(taken / (_REPEATS.get(name, 1) if self._large else 1))
        return {name: tuple(looks) for name, looks in found.items()}

    def _kernels(self) -> dict[str, Callable[[], object]]:
        channels, side = (256, 128) if self._large else (64, 48)
        values = torch.full((1, channels, side, side), 0.5, device=self._device)
        weights = torch.full((channels, channels, 3, 3), 0.01, device=self._device)
        long = torch.ones(1 << (28 if self._large else 22), device=self._device)
        convolve, add = KERNELS[:2]
        repeats = _REPEATS if self._large else dict.fromkeys(_REPEATS, 1)
        return {
            convolve: lambda: [functional.conv2d(values, weights, padding=1) for _ in range(repeats[convolve])],
            add: lambda: [long.add_(1.0) for _ in range(repeats[add])],
            KERNELS[2]: _tiny_calls(torch.ones(16, device=self._device)),
        }

    def _warm_up(self, kernel: Callable[[], object]) -> None:
        """A few calls; on a GPU until the times are steady, because its clock rises slowly."""
        if self._large:
            warm_up(lambda: seconds(self._clock, kernel), seconds=_WARM_UP_SECONDS, stopped=lambda: False)
        else:
            for _ in range(_WARM_UP):
                kernel()

    def _waited(self, times: int) -> float:
        wall, own = time.perf_counter(), time.thread_time()
        for _ in range(times):
            self._host()
        return max(0.0, 1 - (time.thread_time() - own) / (time.perf_counter() - wall))


class LookBook:
    """The looks at the reference kernels of one run, before and after every measurement.

    Args:
        kernels: to look at.
        on_cpu: whether they run on the CPU.
        sleep: waits for some seconds.

    Attributes:
        waited: the least that a thread waited around the last measurement, as in ReferenceKernels.
    """

    waited: float | None = None

    def __init__(self, kernels: ReferenceKernels, *, on_cpu: bool, sleep: Callable[[float], None] = time.sleep) -> None:
        self._kernels, self._on_cpu, self._sleep = kernels, on_cpu, sleep
        self._series: dict[str, list[list[float]]] = {}
        self._before: dict[str, tuple[float, ...]] = {}

    def before(self) -> None:
        """Look before a measurement; nothing but loading has happened since the looks after the last one."""
        self._before = self._look()
        self.waited = self._kernels.waited
        for series in self._series.values():
            series.append([])

    def after(self, binding: Collection[str], seconds: float) -> dict[str, Looks]:
        """Look after a measurement, and again after a pause where a kernel moved: what does not last is noise.

        Args:
            binding: the kernels that judge the measurement.
            seconds: for looking again.
        """
        end = time.monotonic() + seconds
        after: dict[str, tuple[float, ...]] = {}
        for turn in range(1 + _AGAIN):
            for name, looks in self._look().items():
                after[name] = (*after.get(name, ()), *looks)
            self.waited = min(self.waited or 0.0, self._kernels.waited or 0.0)
            found = {name: self._looks(name, after[name], binds=name in binding) for name in after}
            if turn == _AGAIN or time.monotonic() > end or not any(map(_moved, found.values())):
                break
            self._sleep(_PAUSE)
        return found

    def _look(self) -> dict[str, tuple[float, ...]]:
        found = self._kernels.looks()
        for name, looks in found.items():
            self._series.setdefault(name, [[]])[-1].extend(looks)
        return found

    def _looks(self, name: str, after: tuple[float, ...], *, binds: bool) -> Looks:
        floor = look_noise(self._series[name])
        return Looks(self._before[name], after, floor, drift_limit(name, floor, on_cpu=self._on_cpu), binds)


def seconds(clock: Clock, call: Callable[[], object]) -> float:
    """Seconds of a call: on the device if it has events, else on the host's clock."""
    timed = clock.time(call)
    return timed.wall if timed.device is None else timed.device


def _moved(looks: Looks) -> bool:
    before, after = looks.medians
    return looks.binds and abs(after / before - 1) > looks.limit


def _tiny_calls(short: torch.Tensor) -> Callable[[], object]:
    return lambda: [short.add_(1.0) for _ in range(_TINY_CALLS)]
