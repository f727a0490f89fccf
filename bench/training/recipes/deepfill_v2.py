"""DeepFill v2: L1 of both stages of the network, and SN-PatchGAN with hinge losses."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from baselines.deepfill_v2 import DeepFillV2
from bench.training.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, Tensors
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining, FillStage
from bench.training.recipes.critics import SpectralPatchCritic
from bench.training.recipes.losses import composited, signed, weighted_mean
from spgnet.losses import discriminator_loss, generator_loss

__all__ = ["PRESETS", "DeepFillV2Recipe", "build"]


class Fill(FillStage):
    """Coarse and fine picture against the truth, the composited fine one before the discriminator."""

    name = "fill"

    def forward(self, batch: TrainingBatch) -> Tensors:
        """Both pictures."""
        coarse, fine = cast("DeepFillV2", self.parts.network).both(batch.hidden, batch.hole)
        return {"coarse": coarse, "picture": fine}

    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """L1 of each picture, in [-1, 1]."""
        errors = [(signed(outputs[name]) - signed(batch.image)).abs() for name in ("coarse", "picture")]
        first, second = (weighted_mean(error, batch.hole, self.config.hole_weight) for error in errors)
        return {"l1": first + second}

    def against(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """Minus the mean score."""
        return {"adversarial": generator_loss([[self._scores(composited(outputs["picture"], batch), batch)]], "hinge")}

    def judge(self, batch: TrainingBatch, outputs: Tensors) -> Tensor:
        """Hinge losses of true and composited pictures."""
        real, fake = self._scores(batch.image, batch), self._scores(composited(outputs["picture"], batch), batch)
        return discriminator_loss([[real]], [[fake]], "hinge")

    def _scores(self, image: Tensor, batch: TrainingBatch) -> Tensor:
        scores: Tensor = self.parts.critics["critic"](signed(image), batch.hole)
        return scores


PRESETS = {
    "paper": BaselineTraining(
        "paper", {"l1": 1.0, "adversarial": 1.0}, {"fill": 1.0}, learning_rate=1e-4, critic_rate=1e-4
    ),
    "small": BaselineTraining(
        "small",
        {"l1": 10.0, "adversarial": 0.1},
        {"fill": 1.0},
        learning_rate=5e-4,
        critic_channels=16,
        hole_weight=5.0,
        features="none",
    ),
}
"""By the names of `--config`."""


class DeepFillV2Recipe(BaselineRecipe):
    """DeepFill v2; `small` leans on L1, and more on the hole."""

    name = "deepfill-v2"
    architecture = DeepFillV2
    presets = PRESETS

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:  # noqa: ARG002
        """SN-PatchGAN."""
        return {"critic": SpectralPatchCritic(config.critic_channels)}

    def make_stages(self) -> tuple[Stage, ...]:
        """One stage: both parts of the network learn together."""
        return (Fill(self.parts),)


build = DeepFillV2Recipe.build
