"""The network of the shipped judges: a U-Net over a small RegNet, trained on whole pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import segmentation_models_pytorch as smp  # type: ignore[import-untyped]  # the library ships no types
import torch
from torch import Tensor, nn
from torch.nn import functional

from spgnet import weights
from spgnet.config import NetworkConfig

__all__ = ["ARCHITECTURE", "JudgeConfig", "JudgeNetwork"]

ARCHITECTURE = "Judge"
"""What the JSON beside a judge's weights calls them."""

_STRIDE = 32
_DECODER = (96, 64, 32, 24, 12)  # channels, coarsest first
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class JudgeConfig(NetworkConfig):
    """What a judge's weights do not hold.

    Attributes:
        classes: names, in the order of the network's outputs.
        encoder: of segmentation-models-pytorch.
    """

    classes: tuple[str, ...]
    encoder: str = "tu-regnetx_002"


class JudgeNetwork(nn.Module):
    """U-Net (Ronneberger et al. 2015) over RegNetX-200MF (Radosavovic et al. 2020): 3 million parameters.

    It shares nothing with the segmenter inside SPG-Net, DeepLabv3+ over MobileNetV2 or ResNet-50: neither encoder nor
    decoder nor input, since it is shown whole pictures.

    Args:
        config: classes and encoder; weights are drawn at random from torch's global generator.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__()
        self.config = config
        count = len(config.classes)
        self.network = smp.Unet(config.encoder, encoder_weights=None, decoder_channels=_DECODER, classes=count)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Weights that `save` wrote, in evaluation mode; raises ValueError for what `spgnet.weights` refuses."""
        state, header = weights.read(path, ARCHITECTURE)
        with torch.random.fork_rng(devices=[]):  # loading draws nothing from the caller's random numbers
            network = cls(JudgeConfig.from_dict(header.config))
        weights.load_state(network, state, f"weights {path}")
        return network.eval()

    def save(self, path: str | Path) -> None:
        """Write `path`.safetensors and `path`.json, filters in half precision."""
        weights.save(path, self.state_dict(), ARCHITECTURE, self.config.to_dict(), half=True)

    def forward(self, image: Tensor) -> Tensor:
        """Class logits, float32 [N, C, H, W], of pictures float [N, 3, H, W] in [0, 1] of any size."""
        height, width = image.shape[2:]
        padding = (0, -width % _STRIDE, 0, -height % _STRIDE)
        logits: Tensor = self.network(functional.pad((image - self.mean) / self.std, padding, mode="replicate"))
        return logits[:, :, :height, :width].float()
