"""How a model is executed in a configuration: precision, memory format, compilation, and placement on the device.

This file imports nothing of the package, because the bench process of another version reads it by its path.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

if TYPE_CHECKING:
    from bench.records.profile import Configuration, MemoryFormat, Mode, Precision

__all__ = [
    "CATALOGUE",
    "DTYPES",
    "Setting",
    "Subject",
    "autocast_context",
    "precision_context",
    "unsupported_reason",
]

CATALOGUE = "bench.models:load"
"""The function that loads a model, given its name and a device, as `module:function`."""

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
"""Storage type of the inputs of a convolution."""

_AMPERE = (8, 0)


class Setting(Protocol):
    """The part of a Configuration that does not depend on the batch."""

    @property
    def precision(self) -> Precision:
        """Of the computation."""

    @property
    def memory_format(self) -> MemoryFormat:
        """Of weights and pictures."""

    @property
    def mode(self) -> Mode:
        """Eager, or how the networks are compiled."""


@contextlib.contextmanager
def precision_context(precision: Precision, device: str, *, autocast: bool = True) -> Iterator[None]:
    """Compute in `precision` inside, without gradients: float32 products in full or as TF32, bf16 and fp16 by autocast.

    Args:
        precision: of the computation.
        device: torch device.
        autocast: False leaves dtypes to the caller, who passes tensors of the right dtype.
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


def autocast_context(precision: Precision, device: str) -> contextlib.AbstractContextManager[object]:
    """Autocast for bf16 and fp16, else nothing: the context is entered within every timed call."""
    if precision in ("bf16", "fp16"):
        return torch.autocast(torch.device(device).type, DTYPES[precision])
    return contextlib.nullcontext()


def unsupported_reason(configuration: Configuration, device: str, *, has_networks: bool) -> str:
    """Why a configuration cannot be measured, or empty.

    Args:
        configuration: the configuration.
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


class Subject:
    """A model that is made ready for one setting after another; the batches are Batches of any version of the package.

    Args:
        name: of the model.
        device: torch device.
        load: the function that loads it, as `module:function`.

    Attributes:
        model: an Inpainter.
        networks: the torch modules that the model calls. Whoever observes a call sets them; until then they are empty
            and nothing is converted, compiled or moved.
    """

    def __init__(self, name: str, device: str, load: str = CATALOGUE) -> None:
        module, _, function = load.partition(":")
        self.device = device
        loader = getattr(importlib.import_module(module), function)
        # This process holds no other model: code of others runs in it, where its networks can be timed and compiled.
        options = {"isolated": False} if "isolated" in inspect.signature(loader).parameters else {}
        self.model: Any = loader(name, device, **options)
        self.networks: tuple[nn.Module, ...] = ()

    def reset(self) -> bool:
        """Bring the networks back to eager execution and the contiguous format; returns whether any was compiled."""
        compiled = any(network._compiled_call_impl is not None for network in self.networks)
        if compiled:
            torch.compiler.reset()
            for network in self.networks:
                network._compiled_call_impl = None
        self._convert(torch.contiguous_format)
        return compiled

    def place(self, batch: Any, memory_format: torch.memory_format = torch.contiguous_format) -> Any:
        """The batch on the device of the networks; a model without networks gets it in host memory."""
        if not self.networks:
            return batch
        labels = None if batch.labels is None else batch.labels.to(self.device)
        image = batch.image.to(self.device).contiguous(memory_format=memory_format)
        return dataclasses.replace(batch, image=image, hole=batch.hole.to(self.device), labels=labels)

    def prepare(self, setting: Setting, batch: Any) -> Callable[[], Any]:
        """Make the model ready for a setting, after `reset`.

        Returns:
            The call to be timed: the model on this batch, which is on the device already. It is to be made inside
            `precision_context(setting.precision, device, autocast=False)`, so that its time does not include switching
            the precision of float32.
        """
        memory_format = _memory_format(setting)
        self._convert(memory_format)
        if setting.mode != "eager":
            for network in self.networks:
                network.compile(dynamic=False, backend="inductor" if setting.mode == "compile" else "cudagraphs")
        placed = self.place(batch, memory_format)
        return self._timed(lambda: self.model.inpaint(placed), setting, begins=True)

    def stages(self, setting: Setting, batch: Any) -> dict[str, Callable[[], Any]]:
        """The parts of the call that `prepare` returned, to be called in order; empty for a model without stages."""
        if not hasattr(self.model, "stages"):
            return {}
        stages = self.model.stages(self.place(batch, _memory_format(setting)))
        # Only the first stage begins a step of CUDA graphs. Without that the graphs would count as a continuation of
        # the last call's, and be captured anew within the time.
        return {
            name: self._timed(stage, setting, begins=index == 0) for index, (name, stage) in enumerate(stages.items())
        }

    def _timed(self, work: Callable[[], Any], setting: Setting, *, begins: bool) -> Callable[[], Any]:
        mark = begins and setting.mode == "cuda-graphs"

        def call() -> Any:
            with autocast_context(setting.precision, self.device):
                if mark:
                    torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # of torch
                return work()

        return call

    def _convert(self, memory_format: torch.memory_format) -> None:
        for network in self.networks:
            network.to(memory_format=memory_format)


def _memory_format(setting: Setting) -> torch.memory_format:
    """The memory format as torch names it."""
    return torch.channels_last if setting.memory_format == "channels-last" else torch.contiguous_format
