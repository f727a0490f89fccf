"""Loss terms of the learned baselines: pure functions of tensors, each a scalar."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bench.training.batches import TrainingBatch

__all__ = [
    "composited",
    "critic_entropy",
    "generator_entropy",
    "signed",
    "style",
    "total_variation",
    "weighted_mean",
]


def composited(picture: Tensor, batch: TrainingBatch) -> Tensor:
    """Known pixels of the truth, hole pixels of the picture: float [N, 3, H, W]."""
    return torch.where(batch.hole, picture, batch.image)


def signed(image: Tensor) -> Tensor:
    """From [0, 1] to [-1, 1]."""
    return image * 2 - 1


def weighted_mean(error: Tensor, hole: Tensor, hole_weight: float, known_weight: float = 1.0) -> Tensor:
    """Mean of an error over pixels, weighted.

    Args:
        error: float [N, C, H, W].
        hole: bool [N, 1, H, W].
        hole_weight: of a pixel in the hole.
        known_weight: of a pixel outside; 0 gives the mean over the hole.
    """
    weights = hole * hole_weight + ~hole * known_weight  # [N, 1, H, W]
    return (error.float().mean(dim=1, keepdim=True) * weights).sum() / weights.sum().clamp(min=1e-6)


def critic_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy of a discriminator's logits, half for the real and half for the made pictures (non-saturating)."""
    return (functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()) / 2


def generator_entropy(fake: Tensor) -> Tensor:
    """Cross-entropy of a discriminator's logits with what the generator wants to hear."""
    return functional.softplus(-fake.float()).mean()


def style(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of Gram matrices (Gatys et al. 2016), each over channels times pixels, summed over maps.

    Args:
        real: feature maps [N, C, H, W] of the true picture; no gradient flows into them.
        fake: of the made one.
    """
    terms = [(_gram(f) - _gram(r.detach())).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(terms).sum()


def total_variation(picture: Tensor, hole: Tensor) -> Tensor:
    """Mean absolute difference of neighbours that both lie in the hole or next to it (Liu et al. 2018).

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
