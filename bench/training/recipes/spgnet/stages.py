"""The stages of SPG-Net: segmenter, SP-Net, SG-Net, both together, and SG-Net without labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor

from bench.errors import UsageError
from bench.training.batches import TrainingBatch
from bench.training.recipe import OptimizerSpec, Stage, StageOutput, Tensors
from bench.training.recipes.spgnet.losses import critic_terms, label_maps, label_terms, picture_terms, signed
from bench.training.recipes.spgnet.networks import Networks, true_labels
from bench.vocabulary import VOID
from spgnet import likeliest
from spgnet.losses import cross_entropy

__all__ = ["Joint", "Labels", "Pictures", "Segmentation", "Unguided"]

T = TypeVar("T")


class _SPGNetStage(Stage):
    """What the stages share."""

    def __init__(self, networks: Networks) -> None:
        self.networks, self.config = networks, networks.config
        self.share = self.config.shares[self.name]

    def spec(self, name: str, networks: tuple[str, ...], weights: Mapping[str, float]) -> OptimizerSpec:
        """A player at the common rate; terms of weight 0 are left out."""
        used = {term: weight for term, weight in weights.items() if weight}
        return OptimizerSpec(name, networks, used, self.config.learning_rate, self.config.betas)

    def critic(self, name: str, weights: Mapping[str, float]) -> tuple[OptimizerSpec, ...]:
        """A discriminator as a player; none where the generator's `weights` have no use for one."""
        used = weights["adversarial"] or weights["matching"]
        return (self.spec(name, (name,), {"adversarial": 1.0}),) if used else ()


class Segmentation(_SPGNetStage):
    """The front end learns to label the visible part of a picture with a hole; it is frozen afterwards."""

    name = "segmenter"
    averaged = ("segmenter",)

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        rate, betas = self.config.segmenter_rate, self.config.segmenter_betas
        self.optimizers = (OptimizerSpec("segmenter", ("segmenter",), {"cross_entropy": 1.0}, rate, betas),)

    def forward(self, batch: TrainingBatch) -> Tensors:
        """Logits; raises UsageError for a single picture, over which batch statistics are undefined."""
        if len(batch.ids) < 2:
            fix = "Give a --batch-size of two or more a process."
            raise UsageError("batch of the segmenter", "hold two pictures or more", str(len(batch.ids)), fix)
        return {"logits": self.networks.segmenter(batch.hidden, batch.hole)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:  # noqa: ARG002
        """Cross-entropy over the visible part."""
        visible = true_labels(batch).masked_fill(batch.hole[:, 0], VOID)
        return {"cross_entropy": cross_entropy(outputs["logits"], visible)}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """Labels, in the hole too, although nobody uses those."""
        return StageOutput(labels=likeliest(self.networks.segmenter(batch.hidden, batch.hole)))


class Labels(_SPGNetStage):
    """SP-Net learns to complete the frozen segmenter's label map."""

    name = "sp-net"
    averaged = ("sp-net",)
    after = ("segmenter",)

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        self.optimizers = (
            self.spec("sp-net", ("sp-net",), self.config.label_weights),
            *self.critic("label critic", self.config.label_weights),
        )

    def forward(self, batch: TrainingBatch) -> Tensors:
        """Logits."""
        return {"logits": self.networks.logits(batch)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """SP-Net's terms, or the discriminator's."""
        if spec == "label critic":
            real, fake = label_maps(self.networks, batch, outputs["logits"])
            return critic_terms(self.networks, self.networks.label_critic, real, fake)
        return label_terms(self.networks, batch, outputs["logits"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The completed label map; the sheet shows the segmenter's beside it."""
        probabilities = self.networks.logits(batch).softmax(dim=1)
        context = self.networks.context(batch)
        return StageOutput(labels=self.networks.completed(batch, probabilities), extra={"context": context})


class Pictures(_SPGNetStage):
    """SG-Net learns to paint under a label map: the frozen SP-Net's, or for some pictures the true one."""

    name = "sg-net"
    averaged: tuple[str, ...] = ("sg-net",)
    after: tuple[str, ...] = ("segmenter", "sp-net")

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        self.optimizers = (
            self.spec("sg-net", ("sg-net",), self.config.picture_weights),
            *self.critic("picture critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The picture."""
        with torch.no_grad():
            predicted = self.networks.logits(batch).softmax(dim=1)
        return {"picture": _painted(self.networks, batch, predicted)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """SG-Net's terms, or the discriminator's."""
        critic = self.networks.picture_critic
        if spec == "picture critic":
            return critic_terms(self.networks, critic, signed(batch.image), signed(outputs["picture"]))
        return picture_terms(self.networks, critic, batch, outputs["picture"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """Labels and picture; the sheet also shows what SG-Net paints under the true labels."""
        probabilities = self.networks.logits(batch).softmax(dim=1)
        paint = self.networks.guided.sgnet
        picture = paint(batch.hidden, probabilities, batch.hole)
        told = paint(batch.hidden, self.networks.coded(true_labels(batch)), batch.hole)
        return StageOutput(picture, self.networks.completed(batch, probabilities), {"raw, true labels": told})


class Joint(Pictures):
    """SP-Net and SG-Net together: the picture's losses reach SP-Net too."""

    name = "joint"
    averaged = ("sp-net", "sg-net")
    after = ("segmenter", "sp-net", "sg-net")
    optional = True

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        weights = {
            **_prefixed("label", self.config.label_weights),
            **_prefixed("picture", self.config.picture_weights),
        }
        self.optimizers = (
            self.spec("generators", ("sp-net", "sg-net"), weights),
            *self.critic("label critic", self.config.label_weights),
            *self.critic("picture critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> Tensors:
        """Logits and picture."""
        logits = self.networks.logits(batch)
        return {"logits": logits, "picture": _painted(self.networks, batch, logits.softmax(dim=1))}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """Both networks' terms, or a discriminator's."""
        if spec == "label critic":
            real, fake = label_maps(self.networks, batch, outputs["logits"])
            return critic_terms(self.networks, self.networks.label_critic, real, fake)
        if spec == "picture critic":
            return super().losses(spec, batch, outputs)
        words = label_terms(self.networks, batch, outputs["logits"])
        paint = picture_terms(self.networks, self.networks.picture_critic, batch, outputs["picture"])
        return {**_prefixed("label", words), **_prefixed("picture", paint)}


class Unguided(_SPGNetStage):
    """The ablation: SG-Net, as large and as long trained, that is never told a label."""

    name = "unguided"
    averaged = ("unguided",)
    optional = True

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        asked = self.config.picture_weights["perceptual"] and self.config.features == "segmenter"
        self.after = ("segmenter",) if asked else ()  # its encoder makes the loss
        self.optimizers = (
            self.spec("unguided", ("unguided",), self.config.picture_weights),
            *self.critic("unguided critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The picture."""
        return {"picture": self.networks.unguided.sgnet(batch.hidden, None, batch.hole)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """As SG-Net's."""
        critic = self.networks.unguided_critic
        if spec == "unguided critic":
            return critic_terms(self.networks, critic, signed(batch.image), signed(outputs["picture"]))
        return picture_terms(self.networks, critic, batch, outputs["picture"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The picture."""
        return StageOutput(image=self.forward(batch)["picture"])


def _painted(networks: Networks, batch: TrainingBatch, predicted: Tensor) -> Tensor:
    """SG-Net's picture under the predicted label maps, or under the true one for some pictures of the batch."""
    told = torch.rand(len(predicted), 1, 1, 1, device=predicted.device) < networks.config.true_guidance
    guidance = torch.where(told, networks.coded(true_labels(batch)), predicted)
    picture: Tensor = networks.guided.sgnet(batch.hidden, guidance, batch.hole)
    return picture


def _prefixed(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    return {f"{prefix} {name}": value for name, value in values.items()}
