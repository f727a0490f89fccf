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
    "border_weights",
    "cross_entropy",
    "discriminator_accuracy",
    "discriminator_loss",
    "feature_matching",
    "generator_loss",
    "l1",
    "patches_with_hole",
    "perceptual",
    "r1_penalty",
]

Scores: TypeAlias = Sequence[Sequence[Tensor]]
Adversarial: TypeAlias = Literal["lsgan", "hinge"]

PERCEPTUAL_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Weights of five feature maps, finest first, as pix2pixHD gives them to VGG-19's."""


_BORDER_STEP = 2
"""Pixels by which the distance to the hole's border grows from one dilation of `border_weights` to the next."""
_BORDER_STEPS = 32


def discriminator_loss(real: Scores, fake: Scores, kind: Adversarial = "lsgan", hole: Tensor | None = None) -> Tensor:
    """What a discriminator minimises: half of the real and the fake part, added over the scales.

    `lsgan`: squared distance to 1 for real and to 0 for fake (Mao et al. 2017). `hinge`: max(0, 1 - real) and
    max(0, 1 + fake) (Lim and Ye 2017).

    Args:
        real: of true pictures.
        fake: of completed pictures, in which the known pixels are the true ones when `hole` is given.
        kind: of adversarial loss.
        hole: bool [N, 1, H, W], True = missing. Patches of the completed pictures without a hole pixel (see
            `patches_with_hole`) then count as real. Both parts are means over their patches.
    """
    losses = [_discriminator(r[-1].float(), f[-1].float(), kind, hole) for r, f in zip(real, fake, strict=True)]
    return torch.stack(losses).sum()


def generator_loss(fake: Scores, kind: Adversarial = "lsgan", hole: Tensor | None = None) -> Tensor:
    """The adversarial term of a generator, added over the scales: squared distance to 1, or -score for `hinge`.

    Args:
        fake: of completed pictures.
        kind: of adversarial loss.
        hole: bool [N, 1, H, W]; when given, the mean is over the patches with a hole pixel, and 0 where there is none.
    """
    scores = [scale[-1].float() for scale in fake]
    terms = [(score - 1).square() if kind == "lsgan" else -score for score in scores]
    return torch.stack([_weighted_mean(term, patches_with_hole(hole, term)) for term in terms]).sum()


def discriminator_accuracy(
    real: Scores, fake: Scores, kind: Adversarial = "lsgan", hole: Tensor | None = None
) -> Tensor:
    """Mean over true and fake patches, and over the scales, of the share that is on the right side; no gradient.

    0.5 is chance. The threshold is 0.5 for `lsgan` and 0 for `hinge`.

    Args:
        real, fake, kind: as in `discriminator_loss`.
        hole: bool [N, 1, H, W]; when given, patches of the completed pictures without a hole pixel do not count.
    """
    threshold = 0.5 if kind == "lsgan" else 0.0
    shares = []
    for real_scale, fake_scale in zip(real, fake, strict=True):
        right, wrong = real_scale[-1].detach().float() > threshold, fake_scale[-1].detach().float() <= threshold
        touched = patches_with_hole(hole, wrong.float())
        shares.append((right.float().mean() + _weighted_mean(wrong.float(), touched)) / 2)
    return torch.stack(shares).mean()


def r1_penalty(real: Scores, picture: Tensor) -> Tensor:
    """Half of the squared gradient of the scores of true pictures, a mean over pictures (R1; Mescheder et al. 2018).

    Args:
        real: of `picture`; the scores of a scale are averaged and the scales are added, so that the penalty does not
            depend on the number of patches.
        picture: [N, C, H, W] that requires a gradient.

    Returns:
        A scalar that can be differentiated again.
    """
    scores = torch.stack([scale[-1].float().mean(dim=(1, 2, 3)).sum() for scale in real]).sum()
    (gradient,) = torch.autograd.grad(scores, picture, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean() / 2


def patches_with_hole(hole: Tensor | None, scores: Tensor) -> Tensor:
    """Which patches of a score map hold a hole pixel: float [N, 1, h, w] of 0 and 1.

    The hole is pooled to the size of the map: a patch is the cell of the picture that belongs to its score. The
    receptive field of a score is larger than the cell, and on coarse scales larger than most pictures.

    Args:
        hole: bool [N, 1, H, W]; None: all ones.
        scores: [N, 1, h, w].
    """
    if hole is None:
        return torch.ones_like(scores)
    return functional.adaptive_max_pool2d(hole.to(scores.dtype), (scores.shape[2], scores.shape[3]))


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


def balanced_l1(real: Tensor, fake: Tensor, hole: Tensor, hole_share: float, discount: float = 1.0) -> Tensor:
    """Mean over pictures of the absolute difference in the hole and outside, each a fixed share of it.

    A small hole counts as much as a large one, as in a mean over pictures of a metric of the hole.

    Args:
        real, fake: [N, 3, H, W].
        hole: bool [N, 1, H, W].
        hole_share: weight of the hole's mean, in [0, 1]; the known pixels' has the rest.
        discount: the hole's mean is weighted by `border_weights`; 1: all pixels of the hole count the same.
    """
    terms = (fake.float() - real.float()).abs().mean(dim=1, keepdim=True)  # [N, 1, H, W]
    inside = hole.float() if discount == 1 else hole * border_weights(hole, discount)
    weights = inside * (hole_share / _area(inside)) + ~hole * ((1 - hole_share) / _area(~hole))
    return (terms * weights).sum() / len(terms)


def border_weights(hole: Tensor, discount: float) -> Tensor:
    """Weights that fall with the distance to the known pixels: float32 [N, 1, H, W], 1 where known.

    `discount` ** distance (Yu et al. 2018, generative inpainting with contextual attention: 0.99), the distance being
    that of the chessboard, rounded up to 2 pixels and at most 64: what lies farther inside has the last weight.

    Args:
        hole: bool [N, 1, H, W].
        discount: in (0, 1].
    """
    weights = (~hole).float()
    for _ in range(_BORDER_STEPS):
        grown = functional.max_pool2d(weights, 2 * _BORDER_STEP + 1, stride=1, padding=_BORDER_STEP)
        weights = torch.maximum(weights, grown * discount**_BORDER_STEP)
    return weights.clamp(min=discount ** (_BORDER_STEP * _BORDER_STEPS))


def _area(weights: Tensor) -> Tensor:
    return weights.sum(dim=(1, 2, 3), keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)


def _discriminator(real: Tensor, fake: Tensor, kind: Adversarial, hole: Tensor | None) -> Tensor:
    touched = patches_with_hole(hole, fake)
    as_real = torch.cat([_distance(real, kind, real=True), _distance(fake, kind, real=True)])
    real_part = _weighted_mean(as_real, torch.cat([torch.ones_like(real), 1 - touched]))
    return (real_part + _weighted_mean(_distance(fake, kind, real=False), touched)) / 2


def _distance(scores: Tensor, kind: Adversarial, *, real: bool) -> Tensor:
    """How far scores are from those of real patches, or of fake ones."""
    if kind == "lsgan":
        return (scores - 1).square() if real else scores.square()
    return functional.relu(1 - scores) if real else functional.relu(1 + scores)


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
