"""Reference kernels: three kernels that do not depend on a model. If their times change, the machine has changed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch.nn import functional

from bench.profiling.clock import Clock, clock_for
from bench.profiling.execution import precision_context

__all__ = ["ReferenceKernels", "seconds"]

_TIMES = 21
_WARM_UP = 5
_TINY_CALLS = 400
_SINGLE_THREAD = "tiny calls"


class ReferenceKernels:
    """Times a convolution (compute-bound), a sum (memory-bound) and many tiny calls (bound by launch overhead).

    Args:
        device: torch device that they run on.

    Attributes:
        waited: share of the time of the tiny calls, which run on one thread, that the thread was kept from the
            processor, 0 to 1; None before they are timed, and on a device that the thread waits for.
    """

    waited: float | None = None

    def __init__(self, device: str) -> None:
        self._device, self._clock = device, clock_for(device)
        self._large = torch.device(device).type != "cpu"
        # On the CPU the tensors are kept, because new pages would lie elsewhere in the cache. On a GPU they take a
        # gigabyte, so they are made for each timing.
        self._kept = None if self._large else self._kernels()

    def time(self) -> dict[str, float]:
        """Median seconds of each kernel; frees GPU memory afterwards, because it would count as the model's."""
        kernels = self._kept or self._kernels()
        for kernel in kernels.values():
            self._median(kernel, _WARM_UP)
        found = {}
        for name, kernel in kernels.items():
            wall, own = time.perf_counter(), time.thread_time()
            found[name] = self._median(kernel, _TIMES)
            if name == _SINGLE_THREAD and not self._large:
                self.waited = max(0.0, 1 - (time.thread_time() - own) / (time.perf_counter() - wall))
        return found

    def _kernels(self) -> dict[str, Callable[[], object]]:
        channels, side = (256, 128) if self._large else (64, 48)
        values = torch.full((1, channels, side, side), 0.5, device=self._device)
        weights = torch.full((channels, channels, 3, 3), 0.01, device=self._device)
        long = torch.ones(1 << (28 if self._large else 22), device=self._device)
        short = torch.ones(16, device=self._device)
        return {
            "convolution": lambda: functional.conv2d(values, weights, padding=1),
            "sum": lambda: long.add_(1.0),
            _SINGLE_THREAD: lambda: [short.add_(1.0) for _ in range(_TINY_CALLS)],
        }

    def _median(self, kernel: Callable[[], object], times: int) -> float:
        with precision_context("fp32", self._device):
            return statistics.median(seconds(self._clock, kernel) for _ in range(times))


def seconds(clock: Clock, call: Callable[[], object]) -> float:
    """Seconds of a call: on the device if it has events, else on the host's clock."""
    timed = clock.time(call)
    return timed.wall if timed.device is None else timed.device
