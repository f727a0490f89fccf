"""What the time of a run was spent on, and when its device was at work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.runtime.device_spans import Span, device_span

__all__ = ["Phases"]


@dataclass
class Phases:
    """Wall seconds by what they were spent on; phases of threads that overlap count in full.

    Attributes:
        seconds: by name.
        spans: when a GPU was at work, as `device_span` has them; none on the CPU.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str, device: str = "cpu") -> Iterator[None]:
        """Count the time inside the block under `name`, and what `device` does in it."""
        start = time.perf_counter()
        try:
            with device_span(device, self.spans):
                yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def add(self, other: Phases) -> None:
        """Add the seconds of another process or shard."""
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.spans.extend(other.spans)
