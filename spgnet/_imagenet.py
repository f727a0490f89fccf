"""The normalisation that networks trained on ImageNet expect."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Normalise"]


class Normalise(nn.Module):
    """Pictures in [0, 1] to the mean 0 and deviation 1 that ImageNet's channels have."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Float [N, 3, H, W] in [0, 1] to the same shape, normalised."""
        return (image - self.mean) / self.std
