"""The front end: DeepLabv3+ labels the visible part of an incomplete picture."""

from __future__ import annotations

from typing import cast

import segmentation_models_pytorch as smp  # type: ignore[import-untyped]  # the library ships no types
import torch
from torch import Tensor, nn

from spgnet._imagenet import Normalise
from spgnet.config import SegmenterConfig
from spgnet.labels import VOID, likeliest
from spgnet.networks import crop, pad

__all__ = ["Segmenter"]


class Segmenter(nn.Module):
    """DeepLabv3+ (Chen et al. 2018) as in segmentation-models-pytorch, on pictures with holes.

    Training needs at least two pictures a batch: the pooled branch normalises over them alone.

    Args:
        config: encoder, width, classes and mask channel.
        encoder_weights: None draws the encoder at random; `"imagenet"` downloads published weights.
    """

    def __init__(self, config: SegmenterConfig, encoder_weights: str | None = None) -> None:
        super().__init__()
        if config.encoder not in smp.encoders.get_encoder_names():
            raise ValueError(
                f"SegmenterConfig.encoder must be an encoder of segmentation-models-pytorch; found {config.encoder!r}. "
                "Take mobilenet_v2 or resnet50."
            )
        self.config = config
        self.network = smp.DeepLabV3Plus(
            config.encoder,
            encoder_weights=encoder_weights,
            decoder_channels=config.decoder_channels,
            in_channels=3 + config.mask_channel,
            classes=config.classes,
        )
        self.normalise = Normalise()

    def forward(self, image: Tensor, hole: Tensor) -> Tensor:
        """Class logits for every pixel; those in the hole are a guess that SP-Net does not get.

        Args:
            image: float [N, 3, H, W] in [0, 1]; hole pixels are not read.
            hole: bool [N, 1, H, W], True = missing.

        Returns:
            float32 [N, C, H, W].
        """
        logits: Tensor = self.network(pad(self.prepare(image, hole)))
        return crop(logits, image).float()

    def prepare(self, image: Tensor, hole: Tensor) -> Tensor:
        """The encoder's input: normalised picture, 0 in the hole, and the mask channel if configured."""
        values: Tensor = self.normalise(image).masked_fill_(hole, 0)
        return torch.cat([values, hole.to(values.dtype)], dim=1) if self.config.mask_channel else values

    def features(self, image: Tensor) -> list[Tensor]:
        """The encoder's features of a whole picture, finest first: what a perceptual loss compares."""
        hole = torch.zeros_like(image[:, :1], dtype=torch.bool)
        features: list[Tensor] = self.network.encoder(pad(self.prepare(image, hole)))
        return features[1:]  # the first is the input itself

    @torch.no_grad()
    def visible_labels(self, image: Tensor, hole: Tensor) -> Tensor:
        """The predicted label map: uint8 [N, H, W], VOID in the hole. Call it in eval mode."""
        fused = getattr(self.network, "fused", None)
        if fused is not None:
            return cast("Tensor", fused.labels(image, hole))
        labels: Tensor = likeliest(self(image, hole))
        return labels.masked_fill_(hole[:, 0], VOID)
