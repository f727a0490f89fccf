"""NVIDIA's NVML, which tells about a GPU; nothing where it is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

__all__ = ["ask_nvml", "opened_nvml"]

Handle: TypeAlias = tuple[Any, Any]
"""The library, and its handle of one GPU."""


@contextlib.contextmanager
def opened_nvml(device: str) -> Iterator[Handle | None]:
    """NVML and its handle of a device of torch; None without the library, the driver or the device."""
    with contextlib.ExitStack() as stack:
        yield _open(device, stack)


def ask_nvml(device: str, question: Callable[[Any, Any], Any]) -> Any:
    """`question(nvml, handle)`, or None without the library, the driver, the device, or a result."""
    with opened_nvml(device) as found:
        if found is None:
            return None
        with contextlib.suppress(found[0].NVMLError):
            return question(*found)
    return None


def _open(device: str, stack: contextlib.ExitStack) -> Handle | None:
    import torch

    if torch.device(device).type != "cuda":
        return None
    try:
        import pynvml  # type: ignore[import-untyped]  # the library ships no types
    except ImportError:
        return None
    with contextlib.suppress(pynvml.NVMLError):
        pynvml.nvmlInit()  # counted: every one has its shutdown
        stack.callback(pynvml.nvmlShutdown)
        uuid = torch.cuda.get_device_properties(device).uuid
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    return None
