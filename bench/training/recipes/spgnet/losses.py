"""The loss terms of SPG-Net's generators and discriminators, by name."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.training.data.batches import TrainingBatch
from bench.training.recipe import TensorMapping
from bench.training.recipes.losses import to_signed
from bench.training.recipes.spgnet.networks import Networks, true_labels
from bench.vocabulary import VOID
from spgnet.losses import (
    balanced_l1,
    cross_entropy,
    discriminator_loss,
    feature_matching,
    generator_loss,
    l1,
    perceptual,
)

__all__ = ["critic_terms", "label_maps", "label_terms", "picture_terms"]


def label_terms(networks: Networks, batch: TrainingBatch, logits: Tensor) -> TensorMapping:
    """SP-Net's loss terms, without those of weight 0."""
    config = networks.config
    terms: dict[str, Tensor] = {}
    if config.label_weights["adversarial"] or config.label_weights["matching"]:
        real, fake = label_maps(networks, batch, logits)
        terms |= _adversarial_terms(networks, networks.label_critic, real, fake)
    if config.label_weights["cross_entropy"]:
        terms["cross_entropy"] = cross_entropy(logits, true_labels(batch), batch.hole, config.hole_weight)
    return {name: term for name, term in terms.items() if config.label_weights[name]}


def picture_terms(networks: Networks, critic: nn.Module, batch: TrainingBatch, picture: Tensor) -> TensorMapping:
    """SG-Net's loss terms, without those of weight 0; all on the network's own output, nothing is composited."""
    config, weights = networks.config, networks.config.picture_weights
    terms: dict[str, Tensor] = {}
    if weights["adversarial"] or weights["matching"]:
        terms |= _adversarial_terms(networks, critic, to_signed(batch.image), to_signed(picture))
    if weights["perceptual"]:
        with torch.no_grad():
            real = networks.features(batch.image)
        terms["perceptual"] = perceptual(real, networks.features(picture))
    if weights["l1"]:
        terms["l1"] = (
            l1(batch.image, picture, batch.hole, config.hole_weight)
            if config.hole_share is None
            else balanced_l1(batch.image, picture, batch.hole, config.hole_share)
        )
    return {name: term for name, term in terms.items() if weights[name]}


def critic_terms(networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor) -> TensorMapping:
    """A discriminator's loss."""
    return {"adversarial": discriminator_loss(critic(real), critic(fake), networks.config.adversarial)}


def label_maps(networks: Networks, batch: TrainingBatch, logits: Tensor) -> tuple[Tensor, Tensor]:
    """True and predicted label maps [N, C, H, W]; both are zero where the truth is unlabelled."""
    labels = true_labels(batch)
    return networks.one_hot(labels), logits.softmax(dim=1) * (labels != VOID)[:, None]


def _adversarial_terms(networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        real_features = critic(real)
    fake_features = critic(fake)
    return {
        "adversarial": generator_loss(fake_features, networks.config.adversarial),
        "matching": feature_matching(real_features, fake_features),
    }
