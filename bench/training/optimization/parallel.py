"""Devices, precision and several processes, by Lightning Fabric.

Networks are not wrapped in DistributedDataParallel: gradients are averaged over processes after each backward pass. So
a step uses the mean gradient over the whole batch however it is split, any network can be frozen between two
optimizers, and all processes have the same weights.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from bench.errors import UsageError
from bench.runtime.device import resolve_device
from bench.training.data.sampling import stream_key

__all__ = [
    "PRECISIONS",
    "TrainingPrecision",
    "average_buffers",
    "average_gradients",
    "common_value",
    "fabric_for",
    "mean_over_processes",
    "seed_step",
]

TrainingPrecision = Literal["32", "bf16-mixed", "16-mixed"]
PRECISIONS: tuple[TrainingPrecision, ...] = ("32", "bf16-mixed", "16-mixed")
_NAMES: dict[TrainingPrecision, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "32": "32-true",
    "bf16-mixed": "bf16-mixed",
    "16-mixed": "16-mixed",
}


def fabric_for(device: str = "auto", precision: TrainingPrecision = "32") -> Fabric:
    """A launched Fabric on one device; under torchrun, on the device of this process.

    Args:
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        precision: float32, or mixed with bfloat16 or float16 (whose losses are scaled).

    Raises:
        UsageError: the device is not one of this machine, or cannot do this precision.
    """
    accelerator, _, index = resolve_device(device).partition(":")
    if accelerator == "cpu" and precision == "16-mixed":
        raise UsageError("precision '16-mixed'", "be on a GPU", "the CPU", "Take bf16-mixed or 32.")
    devices: int | list[int] = [int(index)] if index else 1
    strategy = "auto"
    if "LOCAL_WORLD_SIZE" in os.environ:
        devices, strategy = int(os.environ["LOCAL_WORLD_SIZE"]), "ddp"
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    try:
        fabric = Fabric(
            accelerator=accelerator, strategy=strategy, devices=devices, num_nodes=nodes, precision=_NAMES[precision]
        )
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise UsageError(f"device '{device}'", "be one of this machine", str(error).splitlines()[0]) from error
    fabric.launch()
    if fabric.device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TensorFloat-32
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = False  # its trials take longer than they save in a short training
    return fabric


def seed_step(*parts: str | int) -> None:
    """Seed all global random number generators from `parts` (seed, stage, step, process).

    So a checkpoint needs no state of generators: the numbers of a step do not depend on those drawn before.
    """
    key = stream_key("step", *parts)
    torch.manual_seed(key)
    np.random.seed(key % 2**32)  # noqa: NPY002 (recipes of other packages may use the global generator)
    random.seed(key)


@torch.no_grad()
def average_gradients(fabric: Fabric, weights: Iterable[torch.nn.Parameter]) -> None:
    """Replace each gradient by its mean over processes."""
    _average(fabric, [weight.grad for weight in weights if weight.grad is not None])


@torch.no_grad()
def average_buffers(fabric: Fabric, networks: Iterable[torch.nn.Module]) -> None:
    """Replace floating-point buffers (running statistics) by their mean over processes."""
    _average(fabric, [b for network in networks for b in network.buffers() if b.is_floating_point()])


def mean_over_processes(fabric: Fabric, values: torch.Tensor) -> torch.Tensor:
    """Mean of a tensor over processes; not finite where it is not finite in one of them."""
    return values if fabric.world_size == 1 else _reduced(fabric, values.clone())


def common_value(fabric: Fabric, value: float) -> float:
    """Mean of a number over processes, the same in all of them; one process does not wait for its device."""
    if fabric.world_size == 1:
        return value
    return float(mean_over_processes(fabric, torch.tensor(value, device=fabric.device)))


def _average(fabric: Fabric, tensors: list[torch.Tensor]) -> None:
    if fabric.world_size == 1 or not tensors:
        return
    flat = _reduced(fabric, torch.cat([tensor.flatten().float() for tensor in tensors]))
    for tensor, mean in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(mean.view_as(tensor))


def _reduced(fabric: Fabric, values: torch.Tensor) -> torch.Tensor:
    reduced = fabric.all_reduce(values, reduce_op="mean")
    assert isinstance(reduced, torch.Tensor)  # noqa: S101 (a tensor in, a tensor out)
    return reduced
