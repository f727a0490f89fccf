"""Contextual attention (Yu et al., CVPR 2018): every place borrows from the known patches that look most like it.

As in the authors' code (JiahuiYu/generative_inpainting): 3x3 patches are compared at half the size, 4x4 patches are
copied at full size, and scores are summed along diagonals so that neighbours borrow from neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["RATE", "contextual_attention"]

RATE = 2
"""How much smaller the features are that are compared."""

_PATCH = 3
_SCALE = 10.0
_LEAST_NORM = 1e-4


def contextual_attention(features: Tensor, hole: Tensor) -> Tensor:
    """Rebuild features from their own known patches.

    Pictures are worked on one after the other, so that memory does not grow with their number: at most about five
    matrices of L x L floats, L = H W / 4, are held at a time. Computed in float32, also under autocast.

    Args:
        features: float [N, C, H, W], both sides even.
        hole: bool [N, 1, H, W], True = missing; every second row and column of it counts. Patches of which a pixel is
            missing are not borrowed from; where there is no other, the result is 0.

    Returns:
        float32 [N, C, H, W].
    """
    with torch.autocast(features.device.type, enabled=False):
        parts = [slice(index, index + 1) for index in range(len(features))]
        return torch.cat([_attend(features[part].float(), hole[part]) for part in parts])


def _attend(values: Tensor, hole: Tensor) -> Tensor:
    small, missing = values[..., ::RATE, ::RATE], hole[..., ::RATE, ::RATE].float()
    height, width = small.shape[2:]
    patches = functional.unfold(small, _PATCH, padding=_PATCH // 2)[0]  # [9 C, L]
    keys = patches / patches.norm(dim=0).clamp(min=_LEAST_NORM)
    usable = functional.max_pool2d(missing, _PATCH, stride=1, padding=_PATCH // 2).flatten() == 0  # [L]
    weights = _fused(patches.T @ keys, height, width) * usable
    weights = (weights * _SCALE).softmax(dim=1) * usable  # [place, patch]
    size = {"kernel_size": 2 * RATE, "stride": RATE, "padding": RATE // 2}
    copied = functional.unfold(values, **size)[0] @ weights.T  # [16 C, L]
    return functional.fold(copied[None], (values.shape[2], values.shape[3]), **size) / 4  # so many patches overlap


def _fused(scores: Tensor, height: int, width: int) -> Tensor:
    """Sum scores [L, L] over pairs of horizontal neighbours, then over pairs of vertical ones."""
    for rows, columns in ((height, width), (width, height)):
        scores = _diagonal_sums(scores).view(rows, columns, rows, columns)
        scores = scores.permute(1, 0, 3, 2).reshape(rows * columns, -1)
    return scores


def _diagonal_sums(scores: Tensor) -> Tensor:
    """Each score plus the one before and the one after it on its diagonal."""
    sums = scores.clone()
    sums[1:, 1:] += scores[:-1, :-1]
    sums[:-1, :-1] += scores[1:, 1:]
    return sums
