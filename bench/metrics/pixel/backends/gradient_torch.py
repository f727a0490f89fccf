"""Exact sums of gradient differences in torch, for devices other than the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["gradient_sums"]


def gradient_sums(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sums of gradient differences and numbers of pairs of each region: int64 [2, N, R].

    The same as `gradient_cpu.gradient_sums`, on the device of its arguments.
    """
    masks = torch.cat(list(regions), dim=1)  # [N, R, H, W]
    sums = torch.zeros(2, len(masks), masks.shape[1], dtype=torch.int64, device=masks.device)
    for axis in (2, 3):
        truth, answer = (image.int().diff(dim=axis).abs() for image in (reference, picture))
        change = (truth - answer).abs().sum(dim=1, keepdim=True)  # [N, 1, H, W]
        size = masks.shape[axis] - 1
        counted = masks.narrow(axis, 0, size) | masks.narrow(axis, 1, size)
        sums += torch.stack([(change * counted).sum(dim=(2, 3)), counted.sum(dim=(2, 3))])
    return sums
