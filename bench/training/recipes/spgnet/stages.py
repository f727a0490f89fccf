"""The stages of SPG-Net: segmenter, SP-Net, SG-Net, both together, and SG-Net without labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from bench.errors import UsageError
from bench.pictures import hide_labels
from bench.training.collapse import ACCURACY
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import OptimizerSpec, Stage, StageOutput, TensorMapping
from bench.training.recipes.gradients import gradient_norms, last_weight
from bench.training.recipes.spgnet.losses import (
    critic_terms,
    label_maps,
    label_terms,
    picture_critic_terms,
    picture_terms,
)
from bench.training.recipes.spgnet.networks import Networks, true_labels
from spgnet import likeliest
from spgnet.losses import cross_entropy

__all__ = ["Joint", "Labels", "Pictures", "Segmentation", "Unguided"]

T = TypeVar("T")


class _SPGNetStage(Stage):
    """Base class of the stages of SPG-Net."""

    def __init__(self, networks: Networks) -> None:
        self.networks, self.config = networks, networks.config
        self.share = self.config.shares[self.name]

    def generator(self, networks: tuple[str, ...], weights: Mapping[str, float], name: str = "") -> OptimizerSpec:
        """The optimizer of generators, by default with the name of the first; terms of weight 0 are left out.

        Terms of discriminators take effect when the configuration says.
        """
        used = {term: weight for term, weight in weights.items() if weight}
        ramp = self.config.ramp
        ramps = {term: ramp for term in used if ramp and term.rpartition(" ")[2] in ("adversarial", "matching")}
        rate, betas = self.config.learning_rate, self.config.betas
        return OptimizerSpec(name or networks[0], networks, used, rate, betas, ramps)

    def critic(self, name: str, weights: Mapping[str, float]) -> tuple[OptimizerSpec, ...]:
        """The optimizer of a discriminator; empty if the generator's `weights` do not need the discriminator."""
        if not (weights["adversarial"] or weights["matching"]):
            return ()
        r1 = {"r1": self.config.r1_weight} if self.config.r1_weight else {}
        rate, betas = self.config.learning_rate, self.config.betas
        return (OptimizerSpec(name, (name,), {"adversarial": 1.0, **r1}, rate, betas, logged=(ACCURACY,)),)


class _PictureStage(_SPGNetStage):
    """Base class of the stages that train SG-Net."""

    def diagnostics(self, batch: TrainingBatch) -> TensorMapping:
        """Norms of the gradients of the picture's weighted terms at SG-Net's last layer, as if all ramps were over."""
        spec = self.optimizers[0]
        weight = last_weight(self.painter)
        weights = {term: value for term, value in spec.weights.items() if not term.startswith("label ")}
        return gradient_norms(lambda: self.losses(spec.name, batch, self.forward(batch)), weights, weight)

    @property
    def painter(self) -> nn.Module:
        """The SG-Net that it trains."""
        return self.networks.guided.sgnet


class Segmentation(_SPGNetStage):
    """The segmenter is trained to label the visible part of incomplete pictures; later stages freeze it."""

    name = "segmenter"
    averaged = ("segmenter",)

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        rate, betas = self.config.segmenter_rate, self.config.segmenter_betas
        self.optimizers = (OptimizerSpec("segmenter", ("segmenter",), {"cross_entropy": 1.0}, rate, betas),)

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """Logits; raises UsageError for a batch of one, which has no batch statistics."""
        if len(batch.ids) < 2:
            fix = "Give a --batch-size of two or more a process."
            raise UsageError("batch of the segmenter", "hold two pictures or more", str(len(batch.ids)), fix)
        return {"logits": self.networks.segmenter(batch.hidden, batch.hole)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:  # noqa: ARG002
        """Cross-entropy over the visible part."""
        visible = hide_labels(true_labels(batch), batch.hole)
        return {"cross_entropy": cross_entropy(outputs["logits"], visible)}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """Labels of the whole picture; those in the hole are not used."""
        return StageOutput(labels=likeliest(self.networks.segmenter(batch.hidden, batch.hole)))


class Labels(_SPGNetStage):
    """SP-Net is trained to complete the label map of the frozen segmenter."""

    name = "sp-net"
    averaged = ("sp-net",)
    after = ("segmenter",)

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        self.optimizers = (
            self.generator(("sp-net",), self.config.label_weights),
            *self.critic("label critic", self.config.label_weights),
        )

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """Logits."""
        return {"logits": self.networks.logits(batch)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """SP-Net's loss terms, or the discriminator's loss."""
        if optimizer == "label critic":
            real, fake = label_maps(self.networks, batch, outputs["logits"])
            return critic_terms(self.networks, self.networks.label_critic, real, fake)
        return label_terms(self.networks, batch, outputs["logits"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The completed label map; the sample grid also shows the labels of the segmenter."""
        probabilities = self.networks.logits(batch).softmax(dim=1)
        context = self.networks.context(batch)
        return StageOutput(labels=self.networks.completed(batch, probabilities), extra={"context": context})


class Pictures(_PictureStage):
    """SG-Net is trained to fill, given the label maps of the frozen SP-Net, for some pictures the true ones."""

    name = "sg-net"
    averaged: tuple[str, ...] = ("sg-net",)
    after: tuple[str, ...] = ("segmenter", "sp-net")

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        self.optimizers = (
            self.generator(("sg-net",), self.config.picture_weights),
            *self.critic("picture critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The filled pictures."""
        with torch.no_grad():
            predicted = self.networks.logits(batch).softmax(dim=1)
        return {"picture": _fill(self.networks, batch, predicted)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """SG-Net's loss terms, or the discriminator's loss."""
        critic = self.networks.picture_critic
        if optimizer == "picture critic":
            return picture_critic_terms(self.networks, critic, batch, outputs["picture"])
        return picture_terms(self.networks, critic, batch, outputs["picture"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """Labels and filled pictures; the sample grid also shows the fill given the true labels."""
        probabilities = self.networks.logits(batch).softmax(dim=1)
        paint = self.networks.guided.sgnet
        picture = paint(batch.hidden, probabilities, batch.hole)
        from_truth = paint(batch.hidden, self.networks.one_hot(true_labels(batch)), batch.hole)
        return StageOutput(picture, self.networks.completed(batch, probabilities), {"raw, true labels": from_truth})


class Joint(Pictures):
    """SP-Net and SG-Net are trained together: SP-Net also gets the gradient of the picture losses."""

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
            self.generator(("sp-net", "sg-net"), weights, "generators"),
            *self.critic("label critic", self.config.label_weights),
            *self.critic("picture critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """Logits and filled pictures."""
        logits = self.networks.logits(batch)
        return {"logits": logits, "picture": _fill(self.networks, batch, logits.softmax(dim=1))}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The loss terms of both networks, or a discriminator's loss."""
        if optimizer == "label critic":
            real, fake = label_maps(self.networks, batch, outputs["logits"])
            return critic_terms(self.networks, self.networks.label_critic, real, fake)
        if optimizer == "picture critic":
            return super().losses(optimizer, batch, outputs)
        label_losses = label_terms(self.networks, batch, outputs["logits"])
        picture_losses = picture_terms(self.networks, self.networks.picture_critic, batch, outputs["picture"])
        return {**_prefixed("label", label_losses), **_prefixed("picture", picture_losses)}


class Unguided(_PictureStage):
    """The ablation: SG-Net of the same size, trained for as long, without labels."""

    name = "unguided"
    averaged = ("unguided",)
    optional = True

    @property
    def painter(self) -> nn.Module:
        """The unguided SG-Net."""
        return self.networks.unguided.sgnet

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks)
        needs_segmenter = self.config.picture_weights["perceptual"] and self.config.features == "segmenter"
        self.after = ("segmenter",) if needs_segmenter else ()  # its encoder gives the perceptual loss
        self.optimizers = (
            self.generator(("unguided",), self.config.picture_weights),
            *self.critic("unguided critic", self.config.picture_weights),
        )

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The filled pictures."""
        return {"picture": self.networks.unguided.sgnet(batch.hidden, None, batch.hole)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The loss terms of SG-Net, or the discriminator's loss."""
        critic = self.networks.unguided_critic
        if optimizer == "unguided critic":
            return picture_critic_terms(self.networks, critic, batch, outputs["picture"])
        return picture_terms(self.networks, critic, batch, outputs["picture"])

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The filled pictures."""
        return StageOutput(image=self.forward(batch)["picture"])


def _fill(networks: Networks, batch: TrainingBatch, predicted: Tensor) -> Tensor:
    """SG-Net's pictures given the predicted label maps; for some pictures of the batch, given the true ones."""
    use_truth = torch.rand(len(predicted), 1, 1, 1, device=predicted.device) < networks.config.true_guidance
    guidance = torch.where(use_truth, networks.one_hot(true_labels(batch)), predicted)
    picture: Tensor = networks.guided.sgnet(batch.hidden, guidance, batch.hole)
    return picture


def _prefixed(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    return {f"{prefix} {name}": value for name, value in values.items()}
