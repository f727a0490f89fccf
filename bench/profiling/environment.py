"""The machine, as records describe it: the constant environment, and the state that may change while measuring."""

from __future__ import annotations

import contextlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from bench.profiling import nvml

__all__ = ["device_name", "device_works", "environment", "machine_state"]

_LIBRARIES = ("torch", "torchvision", "numpy", "numba", "opencv-python-headless", "scipy")
_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "KMP_BLOCKTIME",
    "GOMP_SPINCOUNT",
    "GLIBC_TUNABLES",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "THP_MEM_ALLOC_ENABLE",
)


def device_name(device: str) -> str:
    """Of the GPU, or of the processor."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def device_works(device: str) -> bool:
    """Whether a device still computes after an error; a broken context or an unfinished capture needs a new process."""
    if torch.device(device).type != "cuda":
        return True
    try:
        torch.rand(8, device=device).sum().item()
        torch.cuda.synchronize(device)
        return True
    except RuntimeError:
        return False


def environment(device: str) -> dict[str, Any]:
    """Everything that does not change while a process lives, as JSON values."""
    facts: dict[str, Any] = {
        "device": device,
        "device_name": device_name(device),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cpu_instructions": torch.backends.cpu.get_cpu_capability(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }
    if torch.device(device).type == "cuda":
        facts |= {
            "driver": nvml.driver(device),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]  # of torch
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "compute_capability": list(torch.cuda.get_device_capability(device)),
            "device_memory": torch.cuda.get_device_properties(device).total_memory,
        }
    return facts


def machine_state(device: str) -> dict[str, Any]:
    """What may change while measuring: clocks, throttling, load; `throttle` is always there."""
    with contextlib.suppress(OSError):
        load = os.getloadavg()[0]
        return {"throttle": [], "load": round(load, 2), "cpu_mhz": _cpu_mhz(), **nvml.state(device)}
    return {"throttle": [], **nvml.state(device)}


def _cpu_mhz() -> float | None:
    """Mean over the cores, where Linux tells."""
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        clocks = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
        return round(sum(clocks) / len(clocks), 1) if clocks else None
    return None


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
