"""What models are timed on: pictures of street scenes with a hole in their middle, the same on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

import bench.data
import bench.masks
from bench.vocabulary import VOID, Batch, LabelSources

__all__ = ["INPUT", "make_batch"]

INPUT = "streets test, center-50@1"
"""Data set and protocol of the pictures; the time of models that search or diffuse depends on what they see."""

_DIFFERENT = 4  # pictures of a batch that differ; drawing large ones takes longer than filling them


@lru_cache(maxsize=2)
def make_batch(height: int, width: int, batch_size: int, axes: LabelSources) -> Batch:
    """A batch on the CPU, with the label maps that a model of these axes is given.

    Raises:
        UsageError: for a size that the pictures cannot be drawn at.
    """
    dataset = bench.data.load("streets", size=(height, width), limit=min(batch_size, _DIFFERENT))
    samples = [dataset[index % len(dataset)] for index in range(batch_size)]
    drawn = bench.masks.draw("center-50@1", height=height, width=width, key="profile")
    hole = torch.from_numpy(np.broadcast_to(drawn, (batch_size, 1, height, width)).copy())
    pictures = torch.from_numpy(np.stack([sample.image for sample in samples])).permute(0, 3, 1, 2)
    image = pictures.float().div(255).masked_fill(hole, 0.0).contiguous()
    labels = None
    if "oracle" in (axes.context, axes.hole):
        labels = torch.from_numpy(np.stack([sample.labels for sample in samples if sample.labels is not None]))
        labels = labels if axes.hole == "oracle" else labels.masked_fill(hole[:, 0], VOID)
    return Batch(image, hole, labels, tuple(f"{index}" for index in range(batch_size)), tuple(range(batch_size)))
