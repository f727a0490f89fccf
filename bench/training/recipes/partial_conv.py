"""The partial-convolution U-Net: training, then fine-tuning with the encoder's normalisation frozen."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from baselines.partial_conv import PartialConvUNet
from bench.pictures import composite
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import Stage, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, Components, FillStage
from bench.training.recipes.judged_fill import JudgedFill, judged
from bench.training.recipes.losses import style_loss, total_variation
from spgnet.losses import perceptual

__all__ = ["PRESETS", "PartialConvRecipe", "build"]

_WEIGHTS = {"valid": 1.0, "hole": 6.0, "perceptual": 0.05, "style": 120.0, "tv": 0.1}
_SHARES = {"train": 0.7, "fine-tune": 0.3}
_MAPS = 3  # the paper compares three feature maps
_FINE_TUNING_LR_SCALE = 0.25  # learning rate of the fine-tuning, relative to that of the training


class Train(FillStage):
    """The whole network is trained."""

    name = "train"
    adversarial = False

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 outside and in the hole, over all pixels; perceptual and style terms of raw and composited pictures."""
        picture = outputs["picture"]
        error = (picture - batch.image).abs()
        completed = composite(picture, batch.image, batch.hole)
        terms = {
            "valid": (error * ~batch.hole).mean(),
            "hole": (error * batch.hole).mean(),
            "tv": total_variation(completed, batch.hole),
        }
        if self.components.features is None:
            return terms
        real = self.components.feature_maps(batch.image)[:_MAPS]
        made = [self.components.feature_maps(image)[:_MAPS] for image in (picture, completed)]
        ones = [1.0] * len(real)
        terms["perceptual"] = perceptual(real, made[0], ones) + perceptual(real, made[1], ones)
        terms["style"] = style_loss(real, made[0]) + style_loss(real, made[1])
        return terms


class FineTune(Train):
    """Fine-tuning with frozen running statistics in the encoder, so that holes do not bias them."""

    name = "fine-tune"
    after = ("train",)

    def __init__(self, components: Components) -> None:
        super().__init__(components)
        learning_rate = self.config.learning_rate * _FINE_TUNING_LR_SCALE
        self.optimizers = (self.optimizer_spec("generator", self.optimizers[0].weights, learning_rate),)

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The filled pictures, with the encoder's normalisation in evaluation mode."""
        cast("PartialConvUNet", self.components.network).encoder_norms.eval()
        return super().forward(batch)


_SMALL = BaselineTraining("small", _WEIGHTS, _SHARES, learning_rate=1e-3, betas=(0.9, 0.999), features="none")

PRESETS = {
    "paper": BaselineTraining("paper", _WEIGHTS, _SHARES, learning_rate=2e-4, betas=(0.9, 0.999)),
    "small": _SMALL,
    "small-adversarial": judged(_SMALL),
}
"""By the names of `--config`. `small-adversarial` goes on from weights of `small`, on SG-Net's terms."""


class PartialConvRecipe(BaselineRecipe):
    """The partial-convolution U-Net, with the paper's loss weights."""

    name = "partial-conv"
    architecture = PartialConvUNet
    presets = PRESETS
    judged = (JudgedFill,)

    def make_stages(self) -> tuple[Stage, ...]:
        """Training and fine-tuning."""
        return Train(self.components), FineTune(self.components)


build = PartialConvRecipe.build
