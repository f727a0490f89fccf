"""The C library keeps freed memory for later blocks, where it would give it back to the system.

glibc maps every block above 32 MiB and unmaps it when it is freed, so that the system clears each of its pages again. A
network allocates such blocks for every layer, and blocks of the same sizes for the next picture.
"""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of <malloc.h>
_LARGEST = (1 << 31) - 1
"""Bytes: of the smallest block that is mapped, and of the free memory that is kept at the end of the heap."""


def keep_freed_memory() -> bool:
    """Keep freed memory in this process, and return whether that is done.

    Nothing is kept where the C library is not glibc, where its settings are tuned by environment variables, or where
    `SPGBENCH_KEEP_MEMORY` is `0`.
    """
    if os.environ.get("SPGBENCH_KEEP_MEMORY") == "0":
        return False
    tuned = "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "") or any(
        f"MALLOC_{name}_" in os.environ for name in ("MMAP_THRESHOLD", "TRIM_THRESHOLD", "TOP_PAD", "MMAP_MAX")
    )
    if tuned or sys.platform != "linux":
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    done = [set_option(option, _LARGEST) for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD)]
    return all(done)
