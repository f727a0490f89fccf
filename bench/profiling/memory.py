"""Peak memory of this process and of the device."""

from __future__ import annotations

import contextlib
import gc
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

__all__ = ["is_out_of_memory", "peak_memory", "release"]

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_HIGH_WATER = "5"  # proc_pid_clear_refs(5)


@contextlib.contextmanager
def peak_memory(device: str) -> Iterator[dict[str, int]]:
    """Measure the peak inside, in bytes; the dictionary is filled at the end.

    `resident` is the peak resident set of the process (over its whole life where Linux does not allow a reset); on CUDA
    `allocated` is the peak of all tensors and `reserved` that of torch's allocator.
    """
    found: dict[str, int] = {}
    release()
    with contextlib.suppress(OSError):
        _CLEAR.write_text(_RESET_HIGH_WATER)
    cuda = torch.device(device).type == "cuda"
    if cuda:
        # A model without networks has not done it, and what is not there cannot be reset.
        torch.cuda.init()  # type: ignore[no-untyped-call]  # of torch
        torch.cuda.reset_peak_memory_stats(device)
    try:
        yield found
    finally:
        found["resident"] = _high_water()
        if cuda:
            found["allocated"] = torch.cuda.max_memory_allocated(device)
            found["reserved"] = torch.cuda.max_memory_reserved(device)


def release() -> None:
    """Free unused memory, so that the memory of one configuration does not count for the next."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the host or the device has too little memory."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _high_water() -> int:
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
