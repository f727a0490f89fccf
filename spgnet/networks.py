"""SP-Net and SG-Net: four strided convolutions, residual blocks, four up-convolutions.

Layer structure: two independent re-implementations of the paper (Song et al., BMVC 2018) agree on it, see
docs/explanation/spgnet.md. Both networks hide the hole themselves, so that nothing under it can reach a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet.config import GeneratorConfig
from spgnet.upsampling import ResizeConvolution

__all__ = [
    "STRIDE",
    "UP_CONVOLUTIONS",
    "Generator",
    "Residual",
    "SGNet",
    "SPNet",
    "crop",
    "initialise",
    "pad",
    "padded_size",
]

STRIDE = 16
"""Pixels a side of the picture for one pixel in the middle of the networks; the smallest side of a picture."""


UP_CONVOLUTIONS = (0, 3, 6, 9)
"""Indices of the four up-convolutions in `Generator.up`."""

_SKIPPED = (9, 6, 3)
"""Indices in `Generator.down` of the activations as large as the inputs of all up-convolutions but the first."""


class SPNet(nn.Module):
    """Segmentation prediction: incomplete picture and incomplete label map to a complete label map.

    Attributes:
        average_flips: whether `probabilities` are the mean of those of the picture and of its mirror image.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: nn.Module = Generator(config, config.classes)
        self.average_flips = False

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Class logits, for cross-entropy.

        Args:
            image: float [N, 3, H, W] in [0, 1]; hole pixels are not read.
            labels: float [N, C, H, W] one-hot, all-zero where unknown; hole pixels are not read.
            hole: bool [N, 1, H, W], True = missing.

        Returns:
            float32 [N, C, H, W].
        """
        labels = labels.masked_fill(hole, 0)
        if self.config.downscale == 1:
            logits: Tensor = self.generator(image, labels, hole)
            return logits
        return _at_smaller_size(self.generator, image, labels, hole, self.config.downscale)

    def probabilities(self, image: Tensor, labels: Tensor, hole: Tensor, temperature: float = 1.0) -> Tensor:
        """The paper's softmax head: float32 [N, C, H, W], 1 in sum over the classes.

        Args:
            image, labels, hole: as in `forward`.
            temperature: logits are divided by it.
        """
        predicted = self._softmax(image, labels, hole, temperature)
        if not self.average_flips:
            return predicted
        mirrored = self._softmax(image.flip(3), labels.flip(3), hole.flip(3), temperature)
        return (predicted + mirrored.flip(3)) / 2

    def _softmax(self, image: Tensor, labels: Tensor, hole: Tensor, temperature: float) -> Tensor:
        fused = getattr(self.generator, "fused", None)
        if fused is not None and self.config.downscale == 1:
            return cast("Tensor", fused.probabilities(image, labels, hole, temperature))
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
        fused = getattr(self.generator, "fused", None)
        if fused is not None:
            return cast("Tensor", fused.picture(image, labels, hole))
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
        extra = [0, *reversed(widths[:-1])] if config.skips else [0] * 4
        self.skips = dict(zip(UP_CONVOLUTIONS[1:], _SKIPPED, strict=True)) if config.skips else {}
        self.up = nn.Sequential(
            *(
                layer
                for (before, after), more in zip(pairwise(ups), extra, strict=True)
                for layer in _up(config, before + more, after)
            ),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, outputs, kernel_size=7),
        )
        initialise(self)

    def forward(self, image: Tensor, labels: Tensor, hole: Tensor) -> Tensor:
        """Values of the last layer, float32 [N, outputs, H, W]; arguments as SPNet's and SGNet's."""
        features, skipped = self.encode(image, labels, hole)
        values = self.middle(features)
        if not skipped:
            values = self.up(values)
        for index, layer in enumerate(self.up if skipped else ()):
            values = layer(torch.cat([values, skipped[index]], dim=1) if index in skipped else values)
        values = crop(values, image)
        return values.to(torch.float32, memory_format=torch.contiguous_format)  # as softmax wants them, in one copy

    def encode(self, image: Tensor, labels: Tensor, hole: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        """The first half.

        Returns:
            [N, 8 * base_channels, H / 16, W / 16], sides rounded up; and the features that skip connections hand on, by
            the index of the layer of `up` whose input they are joined to, behind its own channels.
        """
        parts = [(image * 2 - 1).masked_fill_(hole, -1), labels]  # [N, 3, H, W] in [-1, 1], black in the hole
        if self.mask_channel:
            parts.append(hole.to(image.dtype))
        values: Tensor = pad(torch.cat(parts, dim=1), self.smallest)
        if not self.skips:
            return self.down(values), {}
        outputs: list[Tensor] = []
        for layer in self.down:
            values = layer(values)
            outputs.append(values)
        return values, {joint: outputs[index] for joint, index in self.skips.items()}


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
            *([nn.Dropout2d(config.dropout)] if config.dropout else []),  # last: the names of weights do not change
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


def _at_smaller_size(generator: nn.Module, image: Tensor, labels: Tensor, hole: Tensor, factor: int) -> Tensor:
    """Logits of a generator that sees means over the known pixels of `factor` x `factor` squares; enlarged again."""
    bottom, right = (-side % factor for side in image.shape[2:])
    padding = (0, right, 0, bottom)
    known = functional.pad(1 - hole.to(image.dtype), padding)
    values = functional.pad(torch.cat([image.masked_fill(hole, 0), labels], dim=1), padding)
    share = functional.avg_pool2d(known, factor)
    means = functional.avg_pool2d(values, factor) / share.clamp(min=1 / factor**2)
    logits: Tensor = generator(means[:, :3], means[:, 3:], share == 0)
    enlarged = functional.interpolate(logits, scale_factor=float(factor), mode="bilinear", align_corners=False)
    return crop(enlarged, image)


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
    convolution: nn.Module = (
        nn.ConvTranspose2d(before, after, kernel_size=3, stride=2, padding=1, output_padding=1)
        if config.upsampling == "transposed"
        else ResizeConvolution(before, after, bilinear=config.upsampling == "resize-bilinear")
    )
    return [convolution, *_norm_relu(config, after)]


def _norm(config: GeneratorConfig, width: int) -> nn.Module:
    return nn.BatchNorm2d(width) if config.norm == "batch" else nn.InstanceNorm2d(width)


def _norm_relu(config: GeneratorConfig, width: int) -> list[nn.Module]:
    return [_norm(config, width), nn.ReLU(inplace=True)]
