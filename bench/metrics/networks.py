"""Running a frozen network over pictures so that a picture's result does not depend on those beside it.

On the CPU every picture goes through alone and on one thread, because what a convolution returns changes in its last
bits with the number of threads that share it; several pictures go through at once. That is also the faster way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

import torch

from bench.errors import DataError
from bench.runtime.fixed_batches import Outputs, run_in_fixed_batches
from bench.runtime.single_threaded import map_single_threaded

__all__ = ["Outputs", "read_state", "run_network", "with_weights"]

Network = TypeVar("Network", bound=torch.nn.Module)


def run_network(network: Callable[[torch.Tensor], Outputs], pictures: torch.Tensor, device: torch.device) -> Outputs:
    """Outputs of `network` for pictures, stacked along the first axis.

    On the CPU bit-equal for any number of pictures, any order and any number of threads. On other devices pictures go
    through in batches of one size, which depends on that of the pictures alone, and without TF32.

    Args:
        network: takes pictures uint8 [n, 3, H, W] on `device` and returns float tensors [n, ...].
        pictures: uint8 [N, 3, H, W], on any device.
        device: where the network is.

    Returns:
        The network's tensors [N, ...], on `device`.

    Raises:
        DataError: there is no picture.
    """
    if not len(pictures):
        raise DataError("pictures", "be at least one", "none", "Leave an empty batch out.")
    if device.type == "cpu":
        parts = map_single_threaded(network, torch.split(pictures.cpu(), 1))
    else:
        parts = list(run_in_fixed_batches(network, pictures.to(device)))
    return tuple(torch.cat(tensors) for tensors in zip(*parts, strict=True))


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint, on the CPU; code in it is never run. Raises DataError when it is no state dict."""
    try:
        return cast("dict[str, torch.Tensor]", torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises UnpicklingError, RuntimeError, EOFError and others
        fix = "Delete it and fetch it again."
        raise DataError(f"weights {path}", "be a state dict that torch can load", repr(error), fix) from error


def with_weights(network: Network, state: Mapping[str, torch.Tensor], device: torch.device) -> Network:
    """A network made on the meta device, filled with exactly these weights, frozen and laid out for convolutions.

    Raises:
        DataError: the weights are those of another network.
    """
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        must, fix = f"hold the weights of {type(network).__name__}", "Give the file that belongs to this network."
        raise DataError("state dict", must, str(error), fix) from error
    network.requires_grad_(requires_grad=False).eval()
    return network.to(device).to(memory_format=torch.channels_last)
