"""Three kernels that no model can change: when they move, the machine has, and the timing is void."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch
from torch.nn import functional

from bench.profiling.arithmetic import arithmetic
from bench.profiling.clock import Clock, clock_for

__all__ = ["References"]

_TIMES = 21
_TINY_CALLS = 400


class References:
    """A convolution (bound by arithmetic), a sum (by memory) and many tiny calls (by launching).

    Args:
        device: torch device that they run on.
    """

    def __init__(self, device: str) -> None:
        self._device, self._clock = device, clock_for(device)
        large = torch.device(device).type != "cpu"
        channels, side = (256, 128) if large else (64, 48)
        values = torch.full((1, channels, side, side), 0.5, device=device)
        weights = torch.full((channels, channels, 3, 3), 0.01, device=device)
        long = torch.ones(1 << (28 if large else 22), device=device)
        short = torch.ones(16, device=device)
        self._kernels: dict[str, Callable[[], object]] = {
            "convolution": lambda: functional.conv2d(values, weights, padding=1),
            "sum": lambda: long.add_(1.0),
            "tiny calls": lambda: [short.add_(1.0) for _ in range(_TINY_CALLS)],
        }
        for kernel in self._kernels.values():
            self._median(kernel, 5)

    def time(self) -> dict[str, float]:
        """Median seconds of each kernel."""
        return {name: self._median(kernel, _TIMES) for name, kernel in self._kernels.items()}

    def _median(self, kernel: Callable[[], object], times: int) -> float:
        with arithmetic("fp32", self._device):
            return statistics.median(seconds(self._clock, kernel) for _ in range(times))


def seconds(clock: Clock, call: Callable[[], object]) -> float:
    """On the device where it has events, else on the host's clock."""
    timed = clock.time(call)
    return timed.wall if timed.device is None else timed.device
