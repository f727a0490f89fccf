"""The device that a command runs on: the one rule for `auto`, `cpu` and `cuda`."""

from __future__ import annotations

from bench.errors import UsageError

__all__ = ["resolve_device"]


def resolve_device(device: str) -> str:
    """The name of a device of this machine; allocates nothing on it.

    Args:
        device: `auto` (the first CUDA device, else the CPU), `cpu`, `cuda` (which is `cuda:0`), `cuda:1`, or another
            type of torch.

    Raises:
        UsageError: this machine has no such device.
    """
    import torch

    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if "," in device:
        fix = "Run the models of each device by a command of its own, into folders of their own."
        raise UsageError(f"device '{device}'", "be a single device", f"{device.count(',') + 1} of them", fix)
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"device '{device}'", "be auto, cpu, cuda or cuda:1", "another word") from error
    if found.type == "cuda":
        index, count = found.index or 0, torch.cuda.device_count()
        if index >= count:
            raise _absent(device, _cuda_devices(count))
        return f"cuda:{index}"
    if found.type != "cpu" and torch.accelerator.current_accelerator() != torch.device(found.type):
        raise _absent(device, "no such device")
    return device


def _cuda_devices(count: int) -> str:
    """Which there are, in words."""
    if not count:
        return "no CUDA device"
    return "cuda:0 alone" if count == 1 else f"cuda:0 to cuda:{count - 1}"


def _absent(device: str, found: str) -> UsageError:
    return UsageError(f"device '{device}'", "be one of this machine", found, "Try --device cpu.")
