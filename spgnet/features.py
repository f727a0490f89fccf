"""Frozen networks whose features a perceptual loss compares. None of them is ever random under a known name."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Literal

import torch
import torchvision
from torch import Tensor, nn

from spgnet._imagenet import Normalise
from spgnet.segmenter import Segmenter

__all__ = ["ImageNetFeatures", "SegmenterFeatures", "imagenet_features"]

_CUTS = {"vgg19": (2, 7, 12, 21, 30), "alexnet": (2, 5, 8, 10, 12)}
"""Layers of torchvision's `features` behind which a feature map is taken: VGG's relu1_1 ... relu5_1, AlexNet's five."""


class _Frozen(nn.Module):
    """Stays in eval mode and needs no gradient, whatever the module around it does."""

    def freeze(self) -> None:
        self.requires_grad_(requires_grad=False)
        self.eval()

    def train(self, mode: bool = True) -> _Frozen:  # noqa: ARG002 - torch's own signature
        return super().train(mode=False)


class SegmenterFeatures(_Frozen):
    """Features of a trained segmenter's encoder, five maps; the fallback where no ImageNet weights are at hand.

    Args:
        segmenter: trained; it is frozen from here on.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter
        self.freeze()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Five feature maps of a picture, float [N, 3, H, W] in [0, 1], finest first."""
        return self.segmenter.features(image)


class ImageNetFeatures(_Frozen):
    """Feature maps of a convolutional classifier.

    Args:
        layers: the trained `features` of torchvision's VGG-19 or AlexNet.
        cuts: after how many layers each feature map is taken.
    """

    def __init__(self, layers: nn.Sequential, cuts: tuple[int, ...]) -> None:
        super().__init__()
        starts = (0, *cuts[:-1])
        self.slices = nn.ModuleList(layers[start:end] for start, end in zip(starts, cuts, strict=True))
        for module in self.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = False  # a slice must not overwrite the map that the one before returned
        self.normalise = Normalise()
        self.freeze()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Five feature maps of a picture, float [N, 3, H, W] in [0, 1], finest first."""
        values = self.normalise(image)
        maps = []
        for layers in self.slices:
            values = layers(values)
            maps.append(values)
        return maps


def imagenet_features(name: Literal["vgg19", "alexnet"], file: Path) -> ImageNetFeatures:
    """torchvision's VGG-19 or AlexNet with ImageNet weights.

    Args:
        name: of the network.
        file: the state dict that torchvision publishes for it; code in it is never run.

    Raises:
        ValueError: for another name, or a file that does not hold these weights.
    """
    if name not in _CUTS:
        raise ValueError(f"feature network must be vgg19 or alexnet; found {name!r}. Name one of them.")
    network = torchvision.models.get_model(name, weights=None)
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, UnpicklingError) as error:
        raise ValueError(
            f"file {file} must hold torchvision's weights of {name}; found {error!r}. Fetch it again."
        ) from error
    return ImageNetFeatures(network.features, _CUTS[name])
