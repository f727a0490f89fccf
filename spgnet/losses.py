"""The terms of the training losses: pure functions of tensors, each a scalar.

`Scores` below is what a `Discriminator` returns: for every scale the features of every layer, the score map last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from spgnet.labels import VOID

__all__ = [
    "PERCEPTUAL_WEIGHTS",
    "balanced_l1",
    "cross_entropy",
    "discriminator_loss",
    "feature_matching",
    "generator_loss",
    "l1",
    "perceptual",
]

Scores: TypeAlias = Sequence[Sequence[Tensor]]
Adversarial: TypeAlias = Literal["lsgan", "hinge"]

PERCEPTUAL_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Weights of five feature maps, finest first, as pix2pixHD gives them to VGG-19's."""


def discriminator_loss(real: Scores, fake: Scores, kind: Adversarial = "lsgan") -> Tensor:
    """What a discriminator minimises: half of the real and the fake part, added over the scales.

    `lsgan`: squared distance to 1 for real and to 0 for fake (Mao et al. 2017). `hinge`: max(0, 1 - real) and
    max(0, 1 + fake) (Lim and Ye 2017).
    """
    losses = [_discriminator(r[-1].float(), f[-1].float(), kind) for r, f in zip(real, fake, strict=True)]
    return torch.stack(losses).sum()


def generator_loss(fake: Scores, kind: Adversarial = "lsgan") -> Tensor:
    """The adversarial term of a generator, added over the scales: squared distance to 1, or -score for `hinge`."""
    scores = [scale[-1].float() for scale in fake]
    return torch.stack([(score - 1).square().mean() if kind == "lsgan" else -score.mean() for score in scores]).sum()


def feature_matching(real: Scores, fake: Scores) -> Tensor:
    """Mean absolute difference of discriminator features, all layers but the score map (Wang et al. 2018).

    The layers of a scale weigh 4 / (n_layers + 1) each and the scales 1 / num_D, as in pix2pixHD. No gradient flows
    into `real`.
    """
    terms = [
        functional.l1_loss(f.float(), r.detach().float()) * 4 / (len(real_scale) - 1)
        for real_scale, fake_scale in zip(real, fake, strict=True)
        for r, f in zip(real_scale[:-1], fake_scale[:-1], strict=True)
    ]
    return torch.stack(terms).sum() / len(real)


def perceptual(real: Sequence[Tensor], fake: Sequence[Tensor], weights: Sequence[float] = PERCEPTUAL_WEIGHTS) -> Tensor:
    """Weighted mean absolute difference of the features of a frozen network (Johnson et al. 2016, pix2pixHD).

    Args:
        real, fake: features of the true and the completed picture, finest first, from `spgnet.features`.
        weights: one a feature map.

    Raises:
        ValueError: if the weights are not as many as the feature maps.
    """
    if not len(real) == len(fake) == len(weights):
        raise ValueError(
            f"weights must be one for each feature map; found {len(weights)} for {len(real)} real and {len(fake)} fake "
            "ones. Give both pictures to the same extractor."
        )
    terms = [
        weight * functional.l1_loss(f.float(), r.detach().float())
        for weight, r, f in zip(weights, real, fake, strict=True)
    ]
    return torch.stack(terms).sum()


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    hole: Tensor | None = None,
    hole_weight: float = 1.0,
    known_weight: float = 1.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Weighted mean cross-entropy over the labelled pixels; 0 where no pixel is labelled.

    Args:
        logits: float [N, C, H, W].
        labels: integer [N, H, W]; VOID pixels count nothing.
        hole: bool [N, 1, H, W], needed when the two weights differ.
        hole_weight, known_weight: weights of a pixel inside and outside the hole.
        smoothing: share of the target that is spread evenly over all classes (Szegedy et al. 2016).
    """
    terms = functional.cross_entropy(
        logits.float(), labels.long(), ignore_index=VOID, reduction="none", label_smoothing=smoothing
    )  # [N, H, W]
    weights = _weights(terms, hole[:, 0] if hole is not None else None, hole_weight, known_weight)
    return _weighted_mean(terms, weights * (labels != VOID))


def l1(
    real: Tensor, fake: Tensor, hole: Tensor | None = None, hole_weight: float = 1.0, known_weight: float = 1.0
) -> Tensor:
    """Weighted mean absolute difference of two pictures [N, 3, H, W]; `hole` and the weights as in `cross_entropy`."""
    terms = (fake.float() - real.float()).abs().mean(dim=1, keepdim=True)  # [N, 1, H, W]
    return _weighted_mean(terms, _weights(terms, hole, hole_weight, known_weight))


def balanced_l1(real: Tensor, fake: Tensor, hole: Tensor, hole_share: float) -> Tensor:
    """Mean over pictures of the absolute difference in the hole and outside, each a fixed share of it.

    A small hole counts as much as a large one, as in a mean over pictures of a metric of the hole.

    Args:
        real, fake: [N, 3, H, W].
        hole: bool [N, 1, H, W].
        hole_share: weight of the hole's mean, in [0, 1]; the known pixels' has the rest.
    """
    terms = (fake.float() - real.float()).abs().mean(dim=1, keepdim=True)  # [N, 1, H, W]
    weights = hole * (hole_share / _area(hole)) + ~hole * ((1 - hole_share) / _area(~hole))
    return (terms * weights).sum() / len(terms)


def _area(region: Tensor) -> Tensor:
    return region.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)


def _discriminator(real: Tensor, fake: Tensor, kind: Adversarial) -> Tensor:
    if kind == "lsgan":
        return ((real - 1).square().mean() + fake.square().mean()) / 2
    return (functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()) / 2


def _weights(terms: Tensor, hole: Tensor | None, hole_weight: float, known_weight: float) -> Tensor:
    if hole is None:
        if hole_weight != known_weight:
            raise ValueError(
                f"hole must be given when the weights differ; found None with hole_weight {hole_weight} and "
                f"known_weight {known_weight}. Pass the hole."
            )
        return torch.full_like(terms, known_weight)
    return torch.where(hole, torch.full_like(terms, hole_weight), torch.full_like(terms, known_weight))


def _weighted_mean(terms: Tensor, weights: Tensor) -> Tensor:
    return (terms * weights).sum() / weights.sum().clamp(min=torch.finfo(terms.dtype).tiny)
