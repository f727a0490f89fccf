"""Precision, memory format and mode of a call, and which of them a device or a model does not have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from bench.records.profile import Configuration, Precision

__all__ = ["DTYPES", "arithmetic", "autocast_of", "layout", "obstacle"]

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
"""What a convolution's inputs are stored as."""

_AMPERE = (8, 0)


@contextlib.contextmanager
def arithmetic(precision: Precision, device: str, *, autocast: bool = True) -> Iterator[None]:
    """Compute in `precision` inside, without gradients: products of float32 in full or as TF32, the halves by autocast.

    Args:
        precision: which.
        device: torch device.
        autocast: False leaves dtypes to the caller, who hands over tensors of the right one.
    """
    products, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    # Not by `fp32_precision`: after that torch raises wherever the older switches are read, as its compiler does.
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        enabled = autocast and precision in ("bf16", "fp16")
        with torch.no_grad(), torch.autocast(torch.device(device).type, DTYPES[precision], enabled=enabled):
            yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions


def autocast_of(precision: Precision, device: str) -> contextlib.AbstractContextManager[object]:
    """Autocast for the halves, and nothing at all for the others: it is entered within the time of every call."""
    if precision in ("bf16", "fp16"):
        return torch.autocast(torch.device(device).type, DTYPES[precision])
    return contextlib.nullcontext()


def layout(configuration: Configuration) -> torch.memory_format:
    """The memory format as torch names it."""
    return torch.channels_last if configuration.memory_format == "channels-last" else torch.contiguous_format


def obstacle(configuration: Configuration, device: str, *, has_networks: bool) -> str:
    """Why a configuration cannot be, or empty.

    Args:
        configuration: which.
        device: torch device.
        has_networks: whether the model calls torch modules at all.
    """
    plain = (configuration.precision, configuration.memory_format, configuration.mode) == (
        "fp32",
        "contiguous",
        "eager",
    )
    if not has_networks and not plain:
        return "not a torch module: there is nothing to convert or compile"
    cuda = torch.device(device).type == "cuda"
    if configuration.mode == "cuda-graphs" and not cuda:
        return f"CUDA graphs need a CUDA device, this is {device}"
    if configuration.precision == "tf32" and not (cuda and torch.cuda.get_device_capability(device) >= _AMPERE):
        return f"TF32 needs an NVIDIA GPU from Ampere on, this is {device}"
    if configuration.precision == "bf16" and cuda and not torch.cuda.is_bf16_supported(including_emulation=False):
        return f"{torch.cuda.get_device_name(device)} has no bfloat16"
    return ""
