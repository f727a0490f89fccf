"""How many cores this process may use."""

from __future__ import annotations

import os

__all__ = ["usable_cores"]


def usable_cores() -> int:
    """Cores of the machine, or those that the process is bound to, as by `taskset`; at least 1."""
    bound: set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    return len(bound) or os.cpu_count() or 1
