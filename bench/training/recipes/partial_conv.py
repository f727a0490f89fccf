"""The partial-convolution U-Net: training, then fine-tuning with the encoder's normalisation frozen."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from baselines.partial_conv import PartialConvUNet
from bench.training.batches import TrainingBatch
from bench.training.recipe import Stage, Tensors
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage, Parts
from bench.training.recipes.losses import composited, style, total_variation
from spgnet.losses import perceptual

__all__ = ["PRESETS", "PartialConvRecipe", "build"]

_WEIGHTS = {"valid": 1.0, "hole": 6.0, "perceptual": 0.05, "style": 120.0, "tv": 0.1}
_SHARES = {"train": 0.7, "fine-tune": 0.3}
_MAPS = 3  # the paper compares three feature maps
_SLOWER = 0.25  # learning rate of the fine-tuning, relative to the training's


class Train(FillStage):
    """All of the network learns."""

    name = "train"
    judged = False

    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """L1 outside and in the hole, each over all pixels; features of the raw and the composited picture."""
        picture = outputs["picture"]
        error, mixed = (picture - batch.image).abs(), composited(picture, batch)
        terms = {
            "valid": (error * ~batch.hole).mean(),
            "hole": (error * batch.hole).mean(),
            "tv": total_variation(mixed, batch.hole),
        }
        if self.parts.features is None:
            return terms
        real = self.parts.maps(batch.image)[:_MAPS]
        made = [self.parts.maps(image)[:_MAPS] for image in (picture, mixed)]
        ones = [1.0] * len(real)
        terms["perceptual"] = perceptual(real, made[0], ones) + perceptual(real, made[1], ones)
        terms["style"] = style(real, made[0]) + style(real, made[1])
        return terms


class FineTune(Train):
    """The encoder's batch normalisation keeps its statistics, so that holes no longer disturb them."""

    name = "fine-tune"
    after = ("train",)

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        rate = self.config.learning_rate * _SLOWER
        self.optimizers = (self.spec("generator", self.optimizers[0].weights, rate),)

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The picture, with the encoder's normalisation in evaluation mode."""
        cast("PartialConvUNet", self.parts.network).encoder_norms.eval()
        return super().forward(batch)


PRESETS = {
    "paper": BaselineTraining("paper", _WEIGHTS, _SHARES, learning_rate=2e-4, betas=(0.9, 0.999)),
    "small": BaselineTraining("small", _WEIGHTS, _SHARES, learning_rate=1e-3, betas=(0.9, 0.999), features="none"),
}
"""By the names of `--config`."""


class PartialConvRecipe(BaselineRecipe):
    """The partial-convolution U-Net, with the paper's weights of the terms."""

    name = "partial-conv"
    architecture = PartialConvUNet
    presets = PRESETS

    def make_stages(self) -> tuple[Stage, ...]:
        """Training and fine-tuning."""
        return Train(self.parts), FineTune(self.parts)


build = PartialConvRecipe.build
