"""Loss terms that several recipes share: pure functions of tensors, each a scalar."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "discriminator_cross_entropy",
    "generator_cross_entropy",
    "style_loss",
    "to_signed",
    "total_variation",
    "weighted_mean",
]


def to_signed(image: Tensor) -> Tensor:
    """Rescale from [0, 1] to [-1, 1], the range that discriminators are given."""
    return image * 2 - 1


def weighted_mean(error: Tensor, hole: Tensor, hole_weight: float, known_weight: float = 1.0) -> Tensor:
    """Weighted mean of an error over pixels.

    Args:
        error: float [N, C, H, W].
        hole: bool [N, 1, H, W].
        hole_weight: weight of a pixel in the hole.
        known_weight: weight of a pixel outside; 0 gives the mean over the hole.
    """
    weights = hole * hole_weight + ~hole * known_weight  # [N, 1, H, W]
    return (error.float().mean(dim=1, keepdim=True) * weights).sum() / weights.sum().clamp(min=1e-6)


def discriminator_cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of a discriminator's logits: the mean of the losses on real and on generated pictures."""
    return (functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()) / 2


def generator_cross_entropy(fake: Tensor) -> Tensor:
    """Binary cross-entropy of a discriminator's logits on generated pictures with the label "real" (non-saturating)."""
    return functional.softplus(-fake.float()).mean()


def style_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of Gram matrices (Gatys et al. 2016), each over channels times pixels, summed over maps.

    Args:
        real: feature maps [N, C, H, W] of the true picture; they get no gradient.
        fake: feature maps of the generated picture.
    """
    terms = [(_gram(f) - _gram(r.detach())).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(terms).sum()


def total_variation(picture: Tensor, hole: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels that both lie in the hole or next to it (Liu et al. 2018).

    Args:
        picture: composited, float [N, 3, H, W].
        hole: bool [N, 1, H, W].
    """
    near = functional.max_pool2d(hole.to(picture.dtype), 3, stride=1, padding=1)
    across = (picture[..., 1:] - picture[..., :-1]).abs() * near[..., 1:] * near[..., :-1]
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs() * near[..., 1:, :] * near[..., :-1, :]
    return across.mean() + down.mean()


def _gram(values: Tensor) -> Tensor:
    flat = values.float().flatten(2)  # [N, C, H W]
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])
