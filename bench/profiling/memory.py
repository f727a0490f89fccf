"""The most memory that was held at once, by this process and on the device."""

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
    """Measure the block: the dictionary is filled when it ends, and holds bytes.

    `resident` is the high water of the process's resident set (of its whole life where Linux does not let it be reset);
    on CUDA `allocated` is what tensors took up and `reserved` what torch's allocator held for them.
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
    """Give back what is no longer used, so that one configuration does not count for the next."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of the host or of the device, did not do."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _high_water() -> int:
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
