"""The loss terms of SPG-Net's generators and discriminators, by name."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.pictures import composite
from bench.training.collapse import ACCURACY
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import TensorMapping
from bench.training.recipes.losses import to_signed
from bench.training.recipes.spgnet.networks import Networks, true_labels
from bench.vocabulary import VOID
from spgnet.losses import (
    balanced_l1,
    cross_entropy,
    discriminator_accuracy,
    discriminator_loss,
    feature_matching,
    generator_loss,
    l1,
    perceptual,
    r1_penalty,
)

__all__ = ["critic_terms", "label_maps", "label_terms", "picture_critic_terms", "picture_terms"]


def label_terms(networks: Networks, batch: TrainingBatch, logits: Tensor) -> TensorMapping:
    """SP-Net's loss terms, without those of weight 0."""
    config = networks.config
    terms: dict[str, Tensor] = {}
    if config.label_weights["adversarial"] or config.label_weights["matching"]:
        real, fake = label_maps(networks, batch, logits)
        terms |= _adversarial_terms(networks, networks.label_critic, real, fake, None)
    if config.label_weights["cross_entropy"]:
        terms["cross_entropy"] = cross_entropy(
            logits, true_labels(batch), batch.hole, config.hole_weight, smoothing=config.label_smoothing
        )
    return {name: term for name, term in terms.items() if config.label_weights[name]}


def picture_terms(networks: Networks, critic: nn.Module, batch: TrainingBatch, picture: Tensor) -> TensorMapping:
    """SG-Net's loss terms, without those of weight 0; `picture` is the network's own output."""
    config, weights = networks.config, networks.config.picture_weights
    terms: dict[str, Tensor] = {}
    judged, hole = _judged(networks, batch, picture)
    if weights["adversarial"] or weights["matching"]:
        terms |= _adversarial_terms(networks, critic, to_signed(batch.image), to_signed(judged), hole)
    if weights["perceptual"]:
        with torch.no_grad():
            real = networks.features(batch.image)
        terms["perceptual"] = perceptual(real, networks.features(judged))
    if weights["l1"]:
        terms["l1"] = (
            l1(batch.image, picture, batch.hole, config.hole_weight)
            if config.hole_share is None
            else balanced_l1(batch.image, picture, batch.hole, config.hole_share, config.border_discount)
        )
    return {name: term for name, term in terms.items() if weights[name]}


def picture_critic_terms(networks: Networks, critic: nn.Module, batch: TrainingBatch, picture: Tensor) -> TensorMapping:
    """The loss of a discriminator of pictures; `picture` is SG-Net's own output."""
    judged, hole = _judged(networks, batch, picture)
    return critic_terms(networks, critic, to_signed(batch.image), to_signed(judged), hole)


def critic_terms(
    networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor, hole: Tensor | None = None
) -> TensorMapping:
    """A discriminator's loss, R1 where it has a weight, and its accuracy, which is only logged."""
    kind, with_r1 = networks.config.adversarial, networks.config.r1_weight > 0
    if with_r1:
        real = real.detach().requires_grad_()
    real_scores, fake_scores = critic(real), critic(fake)
    terms = {"adversarial": discriminator_loss(real_scores, fake_scores, kind, hole)}
    if with_r1:
        terms["r1"] = r1_penalty(real_scores, real)
    return {**terms, ACCURACY: discriminator_accuracy(real_scores, fake_scores, kind, hole)}


def label_maps(networks: Networks, batch: TrainingBatch, logits: Tensor) -> tuple[Tensor, Tensor]:
    """True and predicted label maps [N, C, H, W]; both are zero where the truth is unlabelled."""
    labels = true_labels(batch)
    return networks.one_hot(labels), logits.softmax(dim=1) * (labels != VOID)[:, None]


def _judged(networks: Networks, batch: TrainingBatch, picture: Tensor) -> tuple[Tensor, Tensor | None]:
    """The picture that discriminators and the perceptual loss are given, and the hole if only patches of it count."""
    if not networks.config.composited:
        return picture, None
    return composite(picture, batch.image, batch.hole), batch.hole


def _adversarial_terms(
    networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor, hole: Tensor | None
) -> dict[str, Tensor]:
    with torch.no_grad():
        real_features = critic(real)
    fake_features = critic(fake)
    return {
        "adversarial": generator_loss(fake_features, networks.config.adversarial, hole),
        "matching": feature_matching(real_features, fake_features),
    }
