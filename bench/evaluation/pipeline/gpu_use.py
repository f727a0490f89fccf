"""How long the GPU of a run was busy while pictures ran."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from bench.records import GpuUse
from bench.runtime.device_spans import Span, union_seconds
from bench.runtime.nvml import opened_nvml

__all__ = ["GpuMeter"]

_EVERY = 0.1  # seconds between questions; NVML answers for the sixth of a second to a second before


class GpuMeter:
    """Asks NVML in a thread how busy a GPU is, inside the `with` block and from `begin` on; on the CPU it does nothing.

    Args:
        device: of torch.
    """

    def __init__(self, device: str) -> None:
        self._device, self._stop = device, threading.Event()
        self._thread: threading.Thread | None = None
        self._shares: list[float] = []
        self._start = self._end = 0.0

    def begin(self) -> None:
        """The first picture begins; later calls do nothing."""
        if self._start or not self._device.startswith("cuda"):
            return
        self._start = time.perf_counter()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def use(self, spans: Iterable[Span]) -> GpuUse | None:
        """What was found between `begin` and the end of the block; None without a GPU, or where no picture ran.

        Args:
            spans: when models, judge and features of sets were at work, which counts where NVML is missing.
        """
        seconds = self._end - self._start
        if not self._start or seconds <= 0:
            return None
        if self._shares:
            share, source = sum(self._shares) / len(self._shares), "NVML"
        else:
            share, source = union_seconds(spans, self._start, self._end) / seconds, "CUDA events"
        return GpuUse(round(share, 3), round(seconds, 1), source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end = time.perf_counter()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _ask(self) -> None:
        with opened_nvml(self._device) as found:
            if found is None:
                return
            nvml, gpu = found
            while not self._stop.wait(_EVERY):
                with contextlib.suppress(nvml.NVMLError):
                    self._shares.append(nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100)
