"""Multi-scale PatchGAN discriminators (Wang et al. 2018, pix2pixHD), with every layer's features for matching."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from spgnet.config import DiscriminatorConfig
from spgnet.networks import initialise

__all__ = ["Discriminator"]

_MOST_CHANNELS = 512


class Discriminator(nn.Module):
    """Patch discriminators at full, half, quarter ... size.

    Args:
        config: scales, layers, width and normalisation.
        in_channels: of what is judged: 3 for pictures, C for label maps, more for a condition beside them.
    """

    def __init__(self, config: DiscriminatorConfig, in_channels: int) -> None:
        super().__init__()
        self.config, self.in_channels = config, in_channels
        self.scales = nn.ModuleList(_PatchDiscriminator(config, in_channels) for _ in range(config.scales))
        initialise(self)
        if config.spectral_norm:
            for module in [module for module in self.modules() if isinstance(module, nn.Conv2d)]:
                spectral_norm(module)

    def forward(self, values: Tensor) -> list[list[Tensor]]:
        """Features of every scale (finest first) and layer; the last of each scale is the score map.

        Args:
            values: float [N, in_channels, H, W].

        Returns:
            `config.scales` lists of `config.layers + 2` tensors [N, c, h, w]; the last has one channel.

        Raises:
            ValueError: other channels than it judges, such as a label map of other classes.
        """
        if values.shape[1] != self.in_channels:
            raise ValueError(
                f"input of the discriminator must have {self.in_channels} channels; found {values.shape[1]}. "
                "Give it pictures or label maps of the kind and the classes that it was made for."
            )
        outputs = []
        for index, scale in enumerate(self.scales):
            if index:
                values = functional.avg_pool2d(values, 3, stride=2, padding=1, count_include_pad=False)
            outputs.append(scale(values))
        return outputs


class _PatchDiscriminator(nn.Module):
    def __init__(self, config: DiscriminatorConfig, in_channels: int) -> None:
        super().__init__()
        width = config.base_channels
        layers: list[nn.Module] = [_layer(config, in_channels, width, stride=2, norm=False)]
        for index in range(1, config.layers + 1):
            before, width = width, min(width * 2, _MOST_CHANNELS)
            layers.append(_layer(config, before, width, stride=2 if index < config.layers else 1))
        self.layers = nn.ModuleList([*layers, nn.Conv2d(width, 1, kernel_size=4, padding=2)])

    def forward(self, values: Tensor) -> list[Tensor]:
        features = []
        for layer in self.layers:
            values = layer(values)
            features.append(values)
        return features


def _layer(config: DiscriminatorConfig, before: int, after: int, stride: int, *, norm: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(before, after, kernel_size=4, stride=stride, padding=2)]
    if norm and config.norm != "none":
        layers.append(nn.InstanceNorm2d(after) if config.norm == "instance" else nn.BatchNorm2d(after))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))
