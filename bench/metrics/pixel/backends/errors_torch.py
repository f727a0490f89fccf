"""Exact sums of pixel differences in torch, for devices other than the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["pixel_sums"]


def pixel_sums(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Squared differences, absolute differences and pixels of each region: int64 [3, N, R].

    The same as `errors_cpu.pixel_sums`, on the device of its arguments.
    """
    masks = torch.cat(list(regions), dim=1)  # [N, R, H, W]
    difference = reference.int() - picture.int()  # [N, 3, H, W]
    squared = (difference * difference).sum(dim=1, keepdim=True)  # [N, 1, H, W]
    absolute = difference.abs().sum(dim=1, keepdim=True)
    return torch.stack([(values * masks).sum(dim=(2, 3)) for values in (squared, absolute, torch.ones_like(squared))])
