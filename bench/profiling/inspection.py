"""What one plain call of a model shows: its networks, operations, and the picture that it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from bench.models.instrumentation import Convolution, NetworkCall, observe
from bench.pictures import check_picture
from bench.profiling.clock import clock_for
from bench.profiling.execution import Subject, precision_context
from bench.profiling.memory import is_out_of_memory, release
from bench.records.profile import Configuration
from bench.vocabulary import Batch

__all__ = ["Inspection", "inspect", "reset", "unsupported_reason"]

_AMPERE = (8, 0)


@dataclass(frozen=True)
class Inspection:
    """What a plain call (fp32, eager) at one shape shows.

    Attributes:
        networks: torch modules that the model calls itself.
        calls: those calls, with their arguments.
        parameters: numbers in the networks, None without networks.
        flops: of a call; None where it could not be made, or no network was observed.
        convolutions: how often each was done.
        picture: float32 [N, 3, H, W] on the CPU, or None where the call could not be made.
        first_call_s: seconds of the first call at this shape, which was not observed.
    """

    networks: tuple[nn.Module, ...] = ()
    calls: tuple[NetworkCall, ...] = ()
    parameters: int | None = None
    flops: int | None = None
    convolutions: Mapping[Convolution, int] = field(default_factory=dict)
    picture: torch.Tensor | None = None
    first_call_s: float | None = None


def reset(subject: Subject) -> None:
    """Bring the subject's networks back to eager execution, and free what was compiled for them."""
    if subject.reset():
        release()


def inspect(subject: Subject, batch: Batch) -> Inspection:
    """Make one plain call, then a second one that is observed; sets the networks of the subject.

    Returns:
        The networks alone, if there is not enough memory for the calls.

    Raises:
        ModelFailure: the predicted picture has another shape than the batch, or is not finite.
    """
    reset(subject)
    try:
        with precision_context("fp32", subject.device):
            first = clock_for(subject.device).time(lambda: subject.model.inpaint(subject.place(batch)))
            check_picture(first.result.image, batch.image.shape)
            observed = observe(lambda: subject.model.inpaint(subject.place(batch)))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        release()
        return Inspection(subject.networks)
    subject.networks = observed.networks
    picture = observed.result.image.detach().to("cpu", torch.float32, copy=True)
    if not observed.networks:
        return Inspection(picture=picture, first_call_s=first.wall)
    return Inspection(
        observed.networks,
        observed.calls,
        observed.parameters,
        observed.flops,
        observed.convolutions,
        picture,
        first.wall,
    )


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
