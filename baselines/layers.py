"""What the learned baselines share: padding to a size that they can halve, blocks of layers."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

__all__ = ["crop", "initialise", "normed", "pad_mirrored"]


def pad_mirrored(values: Tensor, multiple: int, smallest: int = 1) -> Tensor:
    """Mirror the last rows and columns (border included) until both sides are multiples and at least `smallest`.

    Args:
        values: [N, C, H, W] of any dtype.
        multiple: both sides become multiples of it.
        smallest: and at least this long.
    """
    for axis in (2, 3):
        length = values.shape[axis]
        target = max(length, smallest)
        target += -target % multiple
        if target > length:
            index = torch.arange(target, device=values.device) % (2 * length)
            values = values.index_select(axis, torch.where(index < length, index, 2 * length - 1 - index))
    return values


def crop(values: Tensor, image: Tensor) -> Tensor:
    """Undo `pad_mirrored`: cut `values` to the height and width of `image`."""
    return values[..., : image.shape[-2], : image.shape[-1]]


def normed(
    convolution: nn.Module, channels: int, activation: nn.Module | None, *, norm_last: bool = False
) -> nn.Sequential:
    """Convolution, batch normalisation, activation; with `norm_last` the normalisation comes after the activation."""
    layers: list[tuple[str, nn.Module]] = [("norm", nn.BatchNorm2d(channels))]
    if activation is not None:
        layers.insert(0 if norm_last else 1, ("activation", activation))
    return nn.Sequential(OrderedDict([("convolution", convolution), *layers]))


def initialise(network: nn.Module) -> None:
    """Draw convolutions from N(0, 0.02) and normalisation scales from N(1, 0.02), biases 0, as DCGAN does."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
            nn.init.zeros_(bias)
