"""Judges of this package on a GPU: many pictures at once, as launching the kernels of each one takes longer."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.pictures import to_float
from bench.runtime.fixed_batches import run_in_fixed_batches
from bench.segmentation.judging import NetworkJudge

__all__ = ["BatchedJudge"]


class BatchedJudge(NetworkJudge):
    """A NetworkJudge whose network takes several pictures, float32 [n, 3, H, W], and labels each by itself.

    On the CPU it does what a NetworkJudge does.
    """

    def segment(self, pictures: Tensor) -> Tensor:
        """As of NetworkJudge: uint8 [N, 3, H, W] -> uint8 [N, H, W], the same for any batch and order."""
        are_pictures = pictures.dtype == torch.uint8 and pictures.ndim == 4 and pictures.shape[1] == 3
        if self._device.type == "cpu" or not are_pictures or not pictures.numel():
            return super().segment(pictures)  # which refuses what are no pictures
        parts = run_in_fixed_batches(self._label_many, pictures.to(self._device))
        return torch.cat([labels for (labels,) in parts]).to(pictures.device)

    def _label_many(self, pictures: Tensor) -> tuple[Tensor]:
        return (self._label(to_float(pictures).contiguous()).to(torch.uint8),)
