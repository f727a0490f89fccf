"""Label maps between SP-Net's and the true ones, to measure from which accuracy on guidance pays."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spgnet import one_hot
from spgnet.labels import VOID
from spgnet.sampling import smooth_gumbel

__all__ = ["mix_truth"]

_SMOOTHNESS = 1 / 16
"""Standard deviation of the Gaussian that smooths the random field, in shares of the shorter side."""


def mix_truth(probabilities: Tensor, labels: Tensor, hole: Tensor, share: float, seeds: Sequence[int]) -> Tensor:
    """Class probabilities in which a share of the hole has the true labels.

    The pixels are those where a smooth random field is highest: a few regions, as errors of a network are, and not
    scattered points. The field of a picture depends on its seed alone, so that the pixels of a smaller share are among
    those of a larger one. Pixels without a true label keep their probabilities.

    Args:
        probabilities: float32 [N, C, H, W], of SP-Net.
        labels: true label maps, integer [N, H, W], VOID where unlabelled.
        hole: bool [N, 1, H, W].
        share: of the pixels of each hole, 0 to 1.
        seeds: one for each picture.

    Returns:
        float32 [N, C, H, W].
    """
    size = (hole.shape[2], hole.shape[3])
    fields = torch.stack([_field(size, seed) for seed in seeds]).to(hole.device)  # [N, H, W]
    chosen = torch.stack([_highest(field, where, share) for field, where in zip(fields, hole[:, 0], strict=True)])
    true = chosen & (labels != VOID)
    return torch.where(true[:, None], one_hot(labels, probabilities.shape[1]), probabilities)


def _field(size: tuple[int, int], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return smooth_gumbel((1, *size), _SMOOTHNESS * min(size), generator)[0]


def _highest(field: Tensor, where: Tensor, share: float) -> Tensor:
    """bool [H, W]: the share of the pixels of a region with the highest values."""
    values = field[where]
    order = values.argsort(descending=True, stable=True)
    inside = torch.zeros_like(values, dtype=torch.bool)
    inside[order[: round(share * len(values))]] = True
    chosen = torch.zeros_like(where)
    chosen[where] = inside
    return chosen
