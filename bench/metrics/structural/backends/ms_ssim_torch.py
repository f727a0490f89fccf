"""MS-SSIM in torch, for devices other than the CPU: the definition of ms_ssim_cpu on whole maps."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d, pad

from bench.metrics.structural.backends.ssim_torch import contrast_dissimilarity, dissimilarity

__all__ = ["scale_losses"]


def scale_losses(reference: torch.Tensor, picture: torch.Tensor, scales: int) -> torch.Tensor:
    """1 - mean contrast term at every scale but the last, and 1 - mean SSIM at the last: float64 [N, 3, scales].

    The same as `ms_ssim_cpu.scale_losses`, on the device of its arguments.
    """
    x, y = reference.double(), picture.double()
    losses = []
    for _ in range(scales - 1):
        losses.append(contrast_dissimilarity(x, y).mean(dim=(2, 3)))
        x, y = _halved(x), _halved(y)
    return torch.stack([*losses, dissimilarity(x, y).mean(dim=(2, 3))], dim=2)


def _halved(pictures: torch.Tensor) -> torch.Tensor:
    height, width = pictures.shape[2:]
    return avg_pool2d(pad(pictures, (0, width % 2, 0, height % 2), mode="replicate"), 2)
