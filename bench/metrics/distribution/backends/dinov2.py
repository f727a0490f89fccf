"""DINOv2 features of pictures (Oquab et al., 2023), the ground of FD-DINOv2: timm's network, the authors' weights.

Reference: transformers' Dinov2 with the same weights; held to 1e-6 of the vectors' length.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from bench.metrics.arguments import check_picture
from bench.metrics.networks import Outputs, read_state, run_network, with_weights
from bench.pictures import stack_pictures, unstack_pictures
from bench.weights import WeightFile, find, weight_file

__all__ = ["DinoV2", "VisionTransformerSize"]

_SIDE, _PATCH = 224, 14
_OFFSET = 0.1
"""Of DINOv2's code, which resizes position embeddings by (side + 0.1) / side of the stored ones."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CODE = 1
"""Raised when a change here changes a feature's bits: stored features of another version are not used."""


@dataclass(frozen=True)
class VisionTransformerSize:
    """Width, layers and heads of a vision transformer; those of ViT-L unless others are given."""

    width: int = 1024
    layers: int = 24
    heads: int = 16


class DinoV2:
    """DINOv2 ViT-L/14 with its weights.

    Args:
        device: where it works.
        weights: another file than the published one; the fingerprint tells.
        size: of the network in that file.

    Attributes:
        name: `dinov2`.
        fingerprint: hash of all that a feature depends on beside the picture: weights, version of code.

    Raises:
        WeightsMissing: the weights are neither at hand nor can be downloaded.
        DataError: the weight file holds something else.
    """

    def __init__(
        self,
        device: str | torch.device = "cpu",
        *,
        weights: WeightFile | None = None,
        size: VisionTransformerSize = VisionTransformerSize(),
    ) -> None:
        file = weights or weight_file("dinov2-vit-l-14")
        self.name, self.device = "dinov2", torch.device(device)
        self.fingerprint = hashlib.sha256(f"{self.name}|{file.sha256}|{_CODE}".encode()).hexdigest()
        state = {name: tensor for name, tensor in read_state(find(file)).items() if name != "mask_token"}
        if "pos_embed" in state:
            state["pos_embed"] = _resized_positions(state["pos_embed"])
        self._network = with_weights(_network(size), state, self.device)
        self._mean, self._deviation = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) for values in (_MEAN, _DEVIATION)
        )

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """The class token of each picture after the last normalisation.

        On CPU the row of a picture is the same to the last bit whatever the batch, its order or the number of threads.

        Args:
            pictures: uint8 [N, 3, H, W] RGB of any size, on any device.

        Returns:
            float32 [N, 1024] on the network's device.

        Raises:
            DataError: the pictures are not what they must be.
        """
        return run_network(self._forward, check_picture("pictures", pictures), self.device)[0]

    def _forward(self, pictures: torch.Tensor) -> Outputs:
        scaled = _pillow_bicubic(pictures).to(self.device).float() / 255
        return (self._network((scaled - self._mean) / self._deviation),)


def _network(size: VisionTransformerSize) -> Any:
    """The network without its head, on the meta device, so that no random weight is ever drawn."""
    from timm.models.vision_transformer import VisionTransformer

    with torch.device("meta"):
        return VisionTransformer(
            img_size=_SIDE,
            patch_size=_PATCH,
            embed_dim=size.width,
            depth=size.layers,
            num_heads=size.heads,
            init_values=1.0,
            num_classes=0,
            weight_init="skip",
        )


def _resized_positions(positions: torch.Tensor) -> torch.Tensor:
    """Position embeddings [1, 1 + n², D] for the patches of a picture of 224x224."""
    own, grid = positions[:, :1].float(), positions[:, 1:].float()
    side, wanted = round(grid.shape[1] ** 0.5), _SIDE // _PATCH
    if side == wanted:
        return torch.cat([own, grid], dim=1)
    square = grid.view(1, side, side, -1).permute(0, 3, 1, 2)
    scale = (wanted + _OFFSET) / side
    resized = functional.interpolate(square, scale_factor=(scale, scale), mode="bicubic", antialias=False)
    return torch.cat([own, resized.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def _pillow_bicubic(pictures: torch.Tensor) -> torch.Tensor:
    """Resize uint8 [N, 3, H, W] to 224x224 by Pillow: uint8 on the CPU."""
    size, bicubic = (_SIDE, _SIDE), Image.Resampling.BICUBIC
    rows = unstack_pictures(pictures)
    return stack_pictures([np.asarray(Image.fromarray(row).resize(size, bicubic)) for row in rows])
