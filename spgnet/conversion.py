"""Weights of a generator in another configuration of it: other up-convolutions, and skip connections."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from spgnet.config import GeneratorConfig
from spgnet.networks import UP_CONVOLUTIONS
from spgnet.upsampling import converted_kernel

__all__ = ["convert_generator"]


def convert_generator(
    state: Mapping[str, Tensor], given: GeneratorConfig, wanted: GeneratorConfig
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The weights of an SP-Net or SG-Net for one that differs in `upsampling` and `skips`.

    Kernels of up-convolutions are turned into the nearest ones of another form (`spgnet.upsampling`). Channels that
    skip connections add have zeros, so that the network computes what it did. All other tensors stay as they are.

    Args:
        state: its state dict.
        given: its config.
        wanted: that of the other network; differences but for these two are not looked at.

    Returns:
        The state dict of the other network, and what was changed, in words.

    Raises:
        ValueError: the weights have skip connections, and the network has none.
    """
    converted, changes = dict(state), []
    names = [name for index in UP_CONVOLUTIONS if (name := f"generator.up.{index}.weight") in converted]
    if given.upsampling != wanted.upsampling:
        forms = given.upsampling, wanted.upsampling
        converted |= {name: converted_kernel(converted[name], *forms) for name in names}
        changes.append(
            f"kernels of up-convolutions turned from '{given.upsampling}' into '{wanted.upsampling}' by least squares"
        )
    if given.skips and not wanted.skips:
        raise ValueError(
            "weights must be without skip connections, as the network is; found some with them. "
            "Choose a preset with skip connections, or start from other weights."
        )
    if wanted.skips and not given.skips:
        side = 0 if wanted.upsampling == "transposed" else 1
        widths = [wanted.base_channels * factor for factor in (4, 2, 1)]
        converted |= {
            name: _widened(converted[name], side, width) for name, width in zip(names[1:], widths, strict=True)
        }
        changes.append("skip connections begin with weights of 0")
    return converted, tuple(changes)


def _widened(kernel: Tensor, side: int, more: int) -> Tensor:
    """The kernel with zeros for more input channels behind its own."""
    shape = list(kernel.shape)
    shape[side] += more
    wide = kernel.new_zeros(shape)
    wide.narrow(side, 0, kernel.shape[side]).copy_(kernel)
    return wide
