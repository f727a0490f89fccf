"""The loss terms of SPG-Net's players, by name."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.training.batches import TrainingBatch
from bench.training.recipe import Tensors
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

__all__ = ["critic_terms", "label_maps", "label_terms", "picture_terms", "signed"]


def label_terms(networks: Networks, batch: TrainingBatch, logits: Tensor) -> Tensors:
    """SP-Net's loss terms, those of weight 0 left out."""
    config = networks.config
    terms: dict[str, Tensor] = {}
    if config.label_weights["adversarial"] or config.label_weights["matching"]:
        real, fake = label_maps(networks, batch, logits)
        terms |= _against(networks, networks.label_critic, real, fake)
    if config.label_weights["cross_entropy"]:
        terms["cross_entropy"] = cross_entropy(logits, true_labels(batch), batch.hole, config.hole_weight)
    return {name: term for name, term in terms.items() if config.label_weights[name]}


def picture_terms(networks: Networks, critic: nn.Module, batch: TrainingBatch, picture: Tensor) -> Tensors:
    """SG-Net's loss terms, those of weight 0 left out; all on the network's own output, nothing composited."""
    config, weights = networks.config, networks.config.picture_weights
    terms: dict[str, Tensor] = {}
    if weights["adversarial"] or weights["matching"]:
        terms |= _against(networks, critic, signed(batch.image), signed(picture))
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


def critic_terms(networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor) -> Tensors:
    """A discriminator's loss."""
    return {"adversarial": discriminator_loss(critic(real), critic(fake), networks.config.adversarial)}


def label_maps(networks: Networks, batch: TrainingBatch, logits: Tensor) -> tuple[Tensor, Tensor]:
    """True and made label maps [N, C, H, W]; both are all-zero where the truth is unlabelled."""
    labels = true_labels(batch)
    return networks.coded(labels), logits.softmax(dim=1) * (labels != VOID)[:, None]


def signed(image: Tensor) -> Tensor:
    """From [0, 1] to the [-1, 1] in which discriminators judge pictures."""
    return image * 2 - 1


def _against(networks: Networks, critic: nn.Module, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        real_features = critic(real)
    fake_features = critic(fake)
    return {
        "adversarial": generator_loss(fake_features, networks.config.adversarial),
        "matching": feature_matching(real_features, fake_features),
    }
