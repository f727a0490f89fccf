"""How long a GPU was at work on training steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["DeviceTime"]


class DeviceTime:
    """Measures the steps of a device by its own clock.

    Args:
        device: of the training. A CPU works while the host calls: nothing is measured.
    """

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._steps: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Inside, the kernels of a step are launched."""
        if not self._on_gpu:
            yield
            return
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call] # torch
        begin.record()
        yield
        end.record()
        self._steps.append((begin, end))

    def read_idle(self, seconds: float) -> float:
        """The part of the last `seconds` in which no step was running, at most; forgets the steps.

        Call it when the device has done all steps since the last call, which took place in these seconds.
        """
        milliseconds = float(sum(begin.elapsed_time(end) for begin, end in self._steps))
        self._steps.clear()
        return max(0.0, seconds - milliseconds / 1000)
