"""DeepFill v2: L1 of both stages of the network, and SN-PatchGAN with hinge losses."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from baselines.deepfill_v2 import DeepFillV2
from bench.pictures import composite
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage
from bench.training.recipes.critics import SpectralPatchCritic
from bench.training.recipes.judged_fill import JudgedFill, judged
from bench.training.recipes.losses import to_signed, weighted_mean
from spgnet.losses import discriminator_loss, generator_loss

__all__ = ["PRESETS", "DeepFillV2Recipe", "build"]


class DeepFillV2Fill(FillStage):
    """L1 of the coarse and the fine picture, and a discriminator of the composited fine picture."""

    name = "fill"

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The coarse and the fine picture."""
        coarse, fine = cast("DeepFillV2", self.components.network).both(batch.hidden, batch.hole)
        return {"coarse": coarse, "picture": fine}

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 of each picture, in [-1, 1]."""
        errors = [(to_signed(outputs[name]) - to_signed(batch.image)).abs() for name in ("coarse", "picture")]
        first, second = (weighted_mean(error, batch.hole, self.config.hole_weight) for error in errors)
        return {"l1": first + second}

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """Minus the mean score of the filled pictures."""
        return {
            "adversarial": generator_loss(
                [[self._scores(composite(outputs["picture"], batch.image, batch.hole), batch)]], "hinge"
            )
        }

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
        """Hinge loss on true and composited pictures."""
        real, fake = (
            self._scores(batch.image, batch),
            self._scores(composite(outputs["picture"], batch.image, batch.hole), batch),
        )
        return discriminator_loss([[real]], [[fake]], "hinge")

    def _scores(self, image: Tensor, batch: TrainingBatch) -> Tensor:
        scores: Tensor = self.components.critics["critic"](to_signed(image), batch.hole)
        return scores


class JudgedDeepFillV2(JudgedFill, DeepFillV2Fill):
    """On SG-Net's terms; the coarse picture has an L1 of its own, too."""

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 of both pictures."""
        return {"l1": self.balanced_error(batch, outputs["coarse"]) + self.balanced_error(batch, outputs["picture"])}


_SMALL = BaselineTraining(
    "small",
    {"l1": 10.0, "adversarial": 0.1},
    {"fill": 1.0},
    learning_rate=5e-4,
    critic_channels=16,
    hole_weight=5.0,
    features="none",
)

PRESETS = {
    "paper": BaselineTraining(
        "paper", {"l1": 1.0, "adversarial": 1.0}, {"fill": 1.0}, learning_rate=1e-4, critic_rate=1e-4
    ),
    "small": _SMALL,
    "small-adversarial": judged(_SMALL),
}
"""By the names of `--config`. `small-adversarial` goes on from weights of `small`, on SG-Net's terms."""


class DeepFillV2Recipe(BaselineRecipe):
    """DeepFill v2; the preset `small` has more weight on L1 and on the hole."""

    name = "deepfill-v2"
    architecture = DeepFillV2
    presets = PRESETS
    judged = (JudgedDeepFillV2,)

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:  # noqa: ARG002
        """SN-PatchGAN."""
        return {"critic": SpectralPatchCritic(config.critic_channels)}

    def make_stages(self) -> tuple[Stage, ...]:
        """One stage: both parts of the network are trained together."""
        return (DeepFillV2Fill(self.components),)


build = DeepFillV2Recipe.build
