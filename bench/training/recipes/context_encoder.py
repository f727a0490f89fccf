"""The context encoder: L2 and adversarial, in one stage."""

from __future__ import annotations

from torch import Tensor, nn

from baselines.context_encoder import ContextEncoder
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage
from bench.training.recipes.critics import PictureCritic
from bench.training.recipes.losses import discriminator_cross_entropy, generator_cross_entropy, to_signed, weighted_mean

__all__ = ["PRESETS", "ContextEncoderRecipe", "build"]

_WEIGHTS = {"l2": 0.999, "adversarial": 0.001}


class ContextEncoderFill(FillStage):
    """Squared error over the whole picture, and a discriminator of the whole picture; nothing is composited."""

    name = "fill"

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """Mean squared error, of pictures in [-1, 1]."""
        error = (to_signed(outputs["picture"]) - to_signed(batch.image)).square()
        return {"l2": weighted_mean(error, batch.hole, self.config.hole_weight)}

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:  # noqa: ARG002
        """Cross-entropy of the discriminator's logits on the filled picture."""
        return {
            "adversarial": generator_cross_entropy(self.components.critics["critic"](to_signed(outputs["picture"])))
        }

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
        """Cross-entropy of the logits on true and filled pictures."""
        critic = self.components.critics["critic"]
        return discriminator_cross_entropy(critic(to_signed(batch.image)), critic(to_signed(outputs["picture"])))


PRESETS = {
    "paper": BaselineTraining("paper", _WEIGHTS, {"fill": 1.0}, learning_rate=2e-3),
    "small": BaselineTraining(
        "small", _WEIGHTS, {"fill": 1.0}, learning_rate=1e-3, critic_channels=16, hole_weight=5.0, features="none"
    ),
}
"""By the names of `--config`."""


class ContextEncoderRecipe(BaselineRecipe):
    """The context encoder, with the loss weights and learning rates of the authors' example."""

    name = "context-encoder"
    architecture = ContextEncoder
    presets = PRESETS

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:
        """A discriminator with one logit for the whole picture."""
        return {"critic": PictureCritic(data.size, config.critic_channels, kernel_size=4)}

    def make_stages(self) -> tuple[Stage, ...]:
        """One stage."""
        return (ContextEncoderFill(self.components),)


build = ContextEncoderRecipe.build
