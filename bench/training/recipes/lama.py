"""LaMa: L1 on known pixels, an adversarial loss on hole patches, feature matching, and a perceptual loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.lama import LaMa
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage
from bench.training.recipes.judged_fill import JudgedFill, judged
from bench.training.recipes.losses import generator_cross_entropy, weighted_mean
from spgnet import Discriminator, DiscriminatorConfig

__all__ = ["PRESETS", "LaMaRecipe", "build"]

_R1_WEIGHT = 1e-3
"""Weight of the squared gradient on true pictures (R1)."""


class LaMaFill(FillStage):
    """All losses are on the network's own output; nothing is composited."""

    name = "fill"

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 over the known pixels and over the hole, and mean squared differences of ImageNet features."""
        error = (outputs["picture"] - batch.image).abs()
        terms = {
            "known": weighted_mean(error, ~batch.hole, hole_weight=1, known_weight=0),
            "missing": weighted_mean(error, batch.hole, hole_weight=1, known_weight=0),
        }
        if self.components.features is not None:
            pairs = zip(
                self.components.feature_maps(batch.image), self.components.feature_maps(outputs["picture"]), strict=True
            )
            terms["perceptual"] = torch.stack([functional.mse_loss(f, r.detach()) for r, f in pairs]).mean()
        return terms

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """Cross-entropy of the logits, and mean squared differences of the discriminator's features."""
        with torch.no_grad():
            real = self._features(batch.image)
        fake = self._features(outputs["picture"])
        distances = [functional.mse_loss(f.float(), r.float()) for r, f in zip(real[:-1], fake[:-1], strict=True)]
        return {"adversarial": generator_cross_entropy(fake[-1]), "matching": torch.stack(distances).mean()}

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
        """Cross-entropy in which patches of the filled picture outside the hole count as real, and R1."""
        truth = batch.image.detach().requires_grad_()
        real, fake = self._features(truth)[-1].float(), self._features(outputs["picture"])[-1].float()
        (gradient,) = torch.autograd.grad(real.sum(), truth, create_graph=True)
        inside = functional.adaptive_max_pool2d(batch.hole.float(), (fake.shape[2], fake.shape[3]))
        made = inside * functional.softplus(fake) + (1 - inside) * functional.softplus(-fake)
        penalty = gradient.float().square().sum(dim=(1, 2, 3)).mean()
        return functional.softplus(-real).mean() + made.mean() + _R1_WEIGHT * penalty

    def _features(self, image: Tensor) -> list[Tensor]:
        features: list[Tensor] = self.components.critics["critic"](image)[0]
        return features


_SMALL = BaselineTraining(
    "small",
    {"known": 10.0, "missing": 30.0, "adversarial": 0.3, "matching": 3.0, "perceptual": 0.0},
    {"fill": 1.0},
    learning_rate=1e-3,
    critic_rate=1e-4,
    betas=(0.9, 0.999),
    critic_channels=16,
    features="none",
)

PRESETS = {
    "paper": BaselineTraining(
        "paper",
        {"known": 10.0, "missing": 0.0, "adversarial": 10.0, "matching": 100.0, "perceptual": 30.0},
        {"fill": 1.0},
        learning_rate=1e-3,
        critic_rate=1e-4,
        betas=(0.9, 0.999),
    ),
    "small": _SMALL,
    "small-adversarial": judged(_SMALL),
}
"""By the names of `--config`. `small-adversarial` goes on from weights of `small`, on SG-Net's terms."""


class LaMaRecipe(BaselineRecipe):
    """LaMa with the weights of its big configuration; the preset `small` adds L1 in the hole and reduces the others."""

    name = "lama"
    architecture = LaMa
    presets = PRESETS
    judged = (JudgedFill,)

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:  # noqa: ARG002
        """pix2pixHD's patch discriminator with four strided layers, at one scale."""
        shape = DiscriminatorConfig(scales=1, layers=4, base_channels=config.critic_channels, norm="batch")
        return {"critic": Discriminator(shape, 3)}

    def make_stages(self) -> tuple[Stage, ...]:
        """One stage."""
        return (LaMaFill(self.components),)


build = LaMaRecipe.build
