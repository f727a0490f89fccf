"""Adversarial training on equal terms: every generator against the discriminator and the losses of SG-Net's preset.

The discriminator is given the composited picture. Patches of it that touch no hole count as real, and the generator's
term is a mean over the others, as in SPG-Net's preset `small-adversarial`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from bench.pictures import composite
from bench.training.collapse import ACCURACY
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import TensorMapping
from bench.training.recipes.baseline import BaselineTraining, Components, FillStage
from bench.training.recipes.gradients import gradient_norms, last_weight
from bench.training.recipes.losses import to_signed
from bench.training.recipes.spgnet.config import PRESETS
from spgnet.losses import (
    balanced_l1,
    discriminator_accuracy,
    discriminator_loss,
    feature_matching,
    generator_loss,
)

__all__ = ["JudgedFill", "judged"]

_SHARED = PRESETS["small-adversarial"]
_TERMS = ("l1", "adversarial", "matching")

Training = TypeVar("Training", bound=BaselineTraining)


def judged(config: Training) -> Training:
    """The same network, trained as SG-Net is by SPG-Net's preset `small-adversarial`.

    Discriminator, weights, ramp and learning rates are SG-Net's. There is no perceptual term: SG-Net's features are
    those of a segmenter that was trained on label maps, which the other models are not given.
    """
    return replace(
        config,
        weights={name: _SHARED.picture_weights[name] for name in _TERMS},
        shares={**config.shares, JudgedFill.name: 1.0},
        learning_rate=_SHARED.learning_rate,
        critic_rate=_SHARED.learning_rate,
        betas=_SHARED.betas,
        features="none",
        judge=_SHARED.critic,
        ramp=_SHARED.ramp,
        hole_share=_SHARED.hole_share or config.hole_share,
    )


class JudgedFill(FillStage):
    """The generator, from weights that fill already, against a discriminator of the composited picture."""

    name = "adversarial"

    def __init__(self, components: Components) -> None:
        super().__init__(components)
        (filling, *judging), ramp = self.optimizers, self.config.ramp
        ramps = {name: ramp for name in ("adversarial", "matching") if name in filling.weights and ramp is not None}
        self.optimizers = (replace(filling, ramps=ramps), *(replace(spec, logged=(ACCURACY,)) for spec in judging))

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The generator's loss terms that have a weight; or the discriminator's loss, and its accuracy for the log."""
        if optimizer != "critic":
            return super().losses(optimizer, batch, outputs)
        real, fake = self._judge(batch.image), self._judge(_composited(batch, outputs))
        return {
            "adversarial": discriminator_loss(real, fake, _SHARED.adversarial, batch.hole),
            ACCURACY: discriminator_accuracy(real, fake, _SHARED.adversarial, batch.hole),
        }

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 of the network's own picture; the hole has the same share of it in every picture."""
        return {"l1": self.balanced_error(batch, outputs["picture"])}

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """The adversarial term over patches that touch the hole, and feature matching."""
        with torch.no_grad():
            real = self._judge(batch.image)
        fake = self._judge(_composited(batch, outputs))
        return {
            "adversarial": generator_loss(fake, _SHARED.adversarial, batch.hole),
            "matching": feature_matching(real, fake),
        }

    def diagnostics(self, batch: TrainingBatch) -> TensorMapping:
        """Norms of the gradients of the weighted terms at the last layer, as if the ramp were over."""
        spec, weight = self.optimizers[0], last_weight(self.components.network)
        return gradient_norms(lambda: self.losses(spec.name, batch, self.forward(batch)), spec.weights, weight)

    def balanced_error(self, batch: TrainingBatch, picture: Tensor) -> Tensor:
        """L1 with a fixed share of the hole."""
        return balanced_l1(batch.image, picture, batch.hole, self.config.hole_share)

    def _judge(self, image: Tensor) -> list[list[Tensor]]:
        scores: list[list[Tensor]] = self.components.critics["critic"](to_signed(image))
        return scores


def _composited(batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
    return composite(outputs["picture"], batch.image, batch.hole)
