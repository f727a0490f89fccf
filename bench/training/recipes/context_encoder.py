"""The context encoder: L2 and adversarial, in one stage."""

from __future__ import annotations

from torch import Tensor, nn

from baselines.context_encoder import ContextEncoder
from bench.training.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, Tensors
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage
from bench.training.recipes.critics import PictureCritic
from bench.training.recipes.losses import critic_entropy, generator_entropy, signed, weighted_mean

__all__ = ["PRESETS", "ContextEncoderRecipe", "build"]

_WEIGHTS = {"l2": 0.999, "adversarial": 0.001}


class Fill(FillStage):
    """Squared error of the whole picture, and the picture before the discriminator; nothing is composited."""

    name = "fill"

    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """Mean squared error, of pictures in [-1, 1]."""
        error = (signed(outputs["picture"]) - signed(batch.image)).square()
        return {"l2": weighted_mean(error, batch.hole, self.config.hole_weight)}

    def against(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:  # noqa: ARG002
        """What the discriminator says of the picture."""
        return {"adversarial": generator_entropy(self.parts.critics["critic"](signed(outputs["picture"])))}

    def judge(self, batch: TrainingBatch, outputs: Tensors) -> Tensor:
        """Cross-entropy on the true and the made picture."""
        critic = self.parts.critics["critic"]
        return critic_entropy(critic(signed(batch.image)), critic(signed(outputs["picture"])))


PRESETS = {
    "paper": BaselineTraining("paper", _WEIGHTS, {"fill": 1.0}, learning_rate=2e-3),
    "small": BaselineTraining(
        "small", _WEIGHTS, {"fill": 1.0}, learning_rate=1e-3, critic_channels=16, hole_weight=5.0, features="none"
    ),
}
"""By the names of `--config`."""


class ContextEncoderRecipe(BaselineRecipe):
    """The context encoder, with the weights and rates of the authors' example."""

    name = "context-encoder"
    architecture = ContextEncoder
    presets = PRESETS

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:
        """One logit for the whole picture."""
        return {"critic": PictureCritic(data.size, config.critic_channels, kernel_size=4)}

    def make_stages(self) -> tuple[Stage, ...]:
        """One stage."""
        return (Fill(self.parts),)


build = ContextEncoderRecipe.build
