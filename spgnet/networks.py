"""SP-Net and SG-Net: four strided convolutions, residual blocks, four up-convolutions.

Layer structure: two independent re-implementations of the paper (Song et al., BMVC 2018) agree on it, see
docs/explanation/spgnet.md. Both networks hide the hole themselves, so that nothing under it can reach a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.config import GeneratorConfig

__all__ = ["STRIDE", "Generator", "Residual", "SGNet", "SPNet", "crop", "initialise", "pad", "padded_size"]

STRIDE = 16
"""Pixels a side of the picture for one pixel in the middle of the networks; the smallest side of a picture."""


class SPNet(nn.Module):
    """Segmentation prediction: incomplete picture and incomplete label map to a complete label map."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: nn.Module = Generator(config, config.classes)

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Class logits, for cross-entropy.

        Args:
            image: float [N, 3, H, W] in [0, 1]; hole pixels are not read.
            labels: float [N, C, H, W] one-hot, all-zero where unknown; hole pixels are not read.
            hole: bool [N, 1, H, W], True = missing.

        Returns:
            float32 [N, C, H, W].
        """
        logits: Tensor = self.generator(image, labels.masked_fill(hole, 0), hole)
        return logits

    def probabilities(self, image: Tensor, labels: Tensor, hole: Tensor, temperature: float = 1.0) -> Tensor:
        """The paper's softmax head: float32 [N, C, H, W], 1 in sum over the classes.

        Args:
            image, labels, hole: as in `forward`.
            temperature: logits are divided by it.
        """
        logits: Tensor = self(image, labels, hole)
        return (logits / temperature).softmax(dim=1)


class SGNet(nn.Module):
    """Segmentation guidance: incomplete picture and complete label map to a complete picture."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: nn.Module = Generator(config, 3)

    def forward(self, image: Tensor, labels: Tensor | None, hole: Tensor) -> Tensor:
        """The picture, known pixels included (nothing is composited).

        Args:
            image: float [N, 3, H, W] in [0, 1]; hole pixels are not read.
            labels: float [N, C, H, W] class probabilities or one-hot, also in the hole. None: no guidance, the same
                as all-zero labels.
            hole: bool [N, 1, H, W], True = missing.

        Returns:
            float32 [N, 3, H, W] in [0, 1]: the tanh head's [-1, 1], mapped.
        """
        if labels is None:
            labels = image.new_zeros(image.shape[0], self.config.classes, *image.shape[2:])
        logits: Tensor = self.generator(image, labels, hole)
        return (logits.tanh() + 1) / 2


class Generator(nn.Module):
    """The body that both networks share, without a head."""

    def __init__(self, config: GeneratorConfig, outputs: int) -> None:
        super().__init__()
        self.mask_channel = config.mask_channel
        self.smallest = STRIDE * (config.dilation + 1)  # reflection in the middle needs more pixels than it pads
        width = config.base_channels
        widths = [width, width * 2, width * 4, width * 8]
        self.down = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(3 + config.classes + config.mask_channel, width, kernel_size=7, stride=2),
            *_norm_relu(config, width),
            *(layer for before, after in pairwise(widths) for layer in _down(config, before, after)),
        )
        self.middle = nn.Sequential(*(Residual(config, widths[-1]) for _ in range(config.blocks)))
        ups = [widths[-1], *reversed(widths)]
        self.up = nn.Sequential(
            *(layer for before, after in pairwise(ups) for layer in _up(config, before, after)),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, outputs, kernel_size=7),
        )
        initialise(self)

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Values of the last layer, float32 [N, outputs, H, W]; arguments as SPNet's and SGNet's."""
        values = crop(self.up(self.middle(self.encode(image, labels, hole))), image)
        return values.to(torch.float32, memory_format=torch.contiguous_format)  # as softmax wants them, in one copy

    def encode(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """The first half: [N, 8 * base_channels, H / 16, W / 16], sides rounded up."""
        parts = [(image * 2 - 1).masked_fill_(hole, -1), labels]  # [N, 3, H, W] in [-1, 1], black in the hole
        if self.mask_channel:
            parts.append(hole.to(image.dtype))
        features: Tensor = self.down(pad(torch.cat(parts, dim=1), self.smallest))
        return features


class Residual(nn.Module):
    """Two convolutions whose result is added to what they are given."""

    def __init__(self, config: GeneratorConfig, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(config.dilation),
            nn.Conv2d(width, width, kernel_size=3, dilation=config.dilation),
            *_norm_relu(config, width),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, kernel_size=3),
            _norm(config, width),
        )

    def forward(self, values: Tensor) -> Tensor:
        """[N, width, H, W] to the same."""
        change: Tensor = self.body(values)
        return values + change


def pad(values: Tensor, smallest: int = STRIDE) -> Tensor:
    """Repeat the last rows and columns until both sides are multiples of 16 and at least `smallest`."""
    height, width = padded_size(values.shape[-2:], smallest)
    bottom, right = height - values.shape[-2], width - values.shape[-1]
    return functional.pad(values, (0, right, 0, bottom), mode="replicate") if bottom or right else values


def padded_size(size: Sequence[int], smallest: int = STRIDE) -> tuple[int, int]:
    """The height and width that `pad` gives to pictures of the given ones."""
    height, width = (max(side + -side % STRIDE, smallest) for side in size)
    return height, width


def crop(values: Tensor, image: Tensor) -> Tensor:
    """Undo `pad`: cut `values` to the height and width of `image`."""
    return values[..., : image.shape[-2], : image.shape[-1]]


def initialise(network: nn.Module) -> None:
    """Draw convolutions from N(0, 0.02) and normalisation scales from N(1, 0.02), biases 0, as pix2pixHD."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
            nn.init.zeros_(bias)


def _down(config: GeneratorConfig, before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1), *_norm_relu(config, after)]


def _up(config: GeneratorConfig, before: int, after: int) -> list[nn.Module]:
    convolution = nn.ConvTranspose2d(before, after, kernel_size=3, stride=2, padding=1, output_padding=1)
    return [convolution, *_norm_relu(config, after)]


def _norm(config: GeneratorConfig, width: int) -> nn.Module:
    return nn.BatchNorm2d(width) if config.norm == "batch" else nn.InstanceNorm2d(width)


def _norm_relu(config: GeneratorConfig, width: int) -> list[nn.Module]:
    return [_norm(config, width), nn.ReLU(inplace=True)]
