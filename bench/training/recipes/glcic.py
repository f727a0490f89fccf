"""GLCIC's three phases: completion alone, discriminator alone, both."""

from __future__ import annotations

from torch import Tensor, nn

from baselines.glcic import GLCIC
from bench.training.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, Tensors
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage, Parts
from bench.training.recipes.critics import GlobalLocalCritic
from bench.training.recipes.losses import composited, critic_entropy, generator_entropy, weighted_mean

__all__ = ["PRESETS", "GLCICRecipe", "build"]

_WEIGHTS = {"mse": 1.0, "adversarial": 4e-4}


class Completion(FillStage):
    """The completion network alone: mean squared error in the hole."""

    name = "completion"
    judged = False

    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """Mean squared error over the hole."""
        error = (outputs["picture"] - batch.image).square()
        return {"mse": weighted_mean(error, batch.hole, hole_weight=1, known_weight=0)}

    def against(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """What the discriminator says of the composited picture."""
        picture = composited(outputs["picture"], batch)
        return {"adversarial": generator_entropy(self.parts.critics["critic"](picture, batch.hole))}

    def judge(self, batch: TrainingBatch, outputs: Tensors) -> Tensor:
        """Cross-entropy on the true and the composited picture."""
        critic, picture = self.parts.critics["critic"], composited(outputs["picture"], batch)
        return critic_entropy(critic(batch.image, batch.hole), critic(picture, batch.hole))


class Discrimination(Completion):
    """The discriminator alone learns to tell the fills of the frozen completion network."""

    name = "discriminator"
    after = ("completion",)

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.averaged = ()
        self.optimizers = (self.spec("critic", {"adversarial": 1.0}, self.config.critic_rate),)


class Joint(Completion):
    """Both against one another."""

    name = "joint"
    judged = True
    after = ("completion", "discriminator")


PRESETS = {
    "paper": BaselineTraining(
        "paper", _WEIGHTS, {"completion": 0.18, "discriminator": 0.02, "joint": 0.8}, learning_rate=2e-4
    ),
    "small": BaselineTraining(
        "small",
        _WEIGHTS,
        {"completion": 0.6, "discriminator": 0.02, "joint": 0.38},
        learning_rate=1e-3,
        critic_channels=16,
        features="none",
    ),
}
"""By the names of `--config`."""


class GLCICRecipe(BaselineRecipe):
    """GLCIC. The paper trains 90,000, 10,000 and 400,000 steps; `small` stays longer with the completion alone."""

    name = "glcic"
    architecture = GLCIC
    presets = PRESETS

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:
        """One for the whole picture and the window around the hole."""
        return {"critic": GlobalLocalCritic(data.size, config.critic_channels)}

    def make_stages(self) -> tuple[Stage, ...]:
        """The three phases."""
        return tuple(stage(self.parts) for stage in (Completion, Discrimination, Joint))


build = GLCICRecipe.build
