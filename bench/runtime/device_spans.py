"""When a GPU worked for a block of code, by CUDA events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["Span", "device_span", "union_seconds"]

Span: TypeAlias = tuple[float, float]
"""Beginning and end in seconds of `time.perf_counter`, which processes of one Linux machine share."""


@contextmanager
def device_span(device: str, spans: list[Span]) -> Iterator[None]:
    """Add to `spans` when the current stream of a CUDA device worked for the block; elsewhere nothing.

    The time goes from the first kernel to the last one, gaps included. The block is expected to wait for its results.
    """
    if not device.startswith("cuda"):
        yield
        return
    import torch

    with torch.cuda.device(device):
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        first.record()
        yield
        last.record()
        last.synchronize()
    end = time.perf_counter()
    spans.append((end - first.elapsed_time(last) / 1e3, end))


def union_seconds(spans: Iterable[Span], start: float, end: float) -> float:
    """Seconds between `start` and `end` that lie in at least one span."""
    covered, reached = 0.0, start
    for first, last in sorted(spans):
        covered += max(0.0, min(last, end) - max(first, reached))
        reached = max(reached, min(last, end))
    return covered
