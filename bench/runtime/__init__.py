"""Help with running, for every room: device, progress, prefetching, memory, threads, compiled loops."""

from __future__ import annotations

__all__: list[str] = []
