"""GLCIC's three phases: completion alone, discriminator alone, both."""

from __future__ import annotations

from torch import Tensor, nn

from baselines.glcic import GLCIC
from bench.pictures import composite
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, Components, FillStage
from bench.training.recipes.critics import GlobalLocalCritic
from bench.training.recipes.judged_fill import JudgedFill, judged
from bench.training.recipes.losses import discriminator_cross_entropy, generator_cross_entropy, weighted_mean

__all__ = ["PRESETS", "GLCICRecipe", "build"]

_WEIGHTS = {"mse": 1.0, "adversarial": 4e-4}


class CompletionStage(FillStage):
    """The completion network alone: mean squared error in the hole."""

    name = "completion"
    adversarial = False

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """Mean squared error over the hole."""
        error = (outputs["picture"] - batch.image).square()
        return {"mse": weighted_mean(error, batch.hole, hole_weight=1, known_weight=0)}

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """Cross-entropy of the discriminator's logits on the composited picture."""
        picture = composite(outputs["picture"], batch.image, batch.hole)
        return {"adversarial": generator_cross_entropy(self.components.critics["critic"](picture, batch.hole))}

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
        """Cross-entropy of the logits on true and composited pictures."""
        critic, picture = self.components.critics["critic"], composite(outputs["picture"], batch.image, batch.hole)
        return discriminator_cross_entropy(critic(batch.image, batch.hole), critic(picture, batch.hole))


class Discrimination(CompletionStage):
    """The discriminator alone is trained, on the fills of the frozen completion network."""

    name = "discriminator"
    after = ("completion",)

    def __init__(self, components: Components) -> None:
        super().__init__(components)
        self.averaged = ()
        self.optimizers = (self.optimizer_spec("critic", {"adversarial": 1.0}, self.config.critic_rate),)


class GLCICJoint(CompletionStage):
    """Both networks are trained together."""

    name = "joint"
    adversarial = True
    after = ("completion", "discriminator")


_SMALL = BaselineTraining(
    "small",
    _WEIGHTS,
    {"completion": 0.6, "discriminator": 0.02, "joint": 0.38},
    learning_rate=1e-3,
    critic_channels=16,
    features="none",
)

PRESETS = {
    "paper": BaselineTraining(
        "paper", _WEIGHTS, {"completion": 0.18, "discriminator": 0.02, "joint": 0.8}, learning_rate=2e-4
    ),
    "small": _SMALL,
    "small-adversarial": judged(_SMALL),
}
"""By the names of `--config`. `small-adversarial` goes on from weights of `small`, on SG-Net's terms."""


class GLCICRecipe(BaselineRecipe):
    """GLCIC. The paper trains 90,000, 10,000 and 400,000 steps; `small` has a longer first phase."""

    name = "glcic"
    architecture = GLCIC
    presets = PRESETS
    judged = (JudgedFill,)

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:
        """A discriminator of the whole picture and of the window around the hole."""
        return {"critic": GlobalLocalCritic(data.size, config.critic_channels)}

    def make_stages(self) -> tuple[Stage, ...]:
        """The three phases."""
        return tuple(stage(self.components) for stage in (CompletionStage, Discrimination, GLCICJoint))


build = GLCICRecipe.build
