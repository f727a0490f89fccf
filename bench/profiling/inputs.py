"""What models are timed on: pictures of street scenes with a hole in their middle, the same on every machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

import bench.data
import bench.masks
from bench.pictures import hide_pixels, stack_pictures, to_float, visible_labels
from bench.vocabulary import Batch, LabelSources

__all__ = ["INPUT", "make_batch", "write_batch"]

INPUT = "streets test, center-50@1"
"""Data set and protocol of the pictures; the time of models that search or diffuse depends on what they see."""

_DISTINCT_PICTURES = 4  # in a batch; drawing large pictures takes longer than filling them


@lru_cache(maxsize=2)
def make_batch(height: int, width: int, batch_size: int, sources: LabelSources) -> Batch:
    """A batch on the CPU, with the label maps that a model with these label sources is given.

    Raises:
        UsageError: for a size that the pictures cannot be drawn at.
    """
    dataset = bench.data.load("streets", size=(height, width), limit=min(batch_size, _DISTINCT_PICTURES))
    samples = [dataset[index % len(dataset)] for index in range(batch_size)]
    drawn = bench.masks.draw("center-50@1", height=height, width=width, key="profile")
    hole = torch.from_numpy(np.broadcast_to(drawn, (batch_size, 1, height, width)).copy())
    image = hide_pixels(to_float(stack_pictures([sample.image for sample in samples])), hole)
    truth = torch.from_numpy(np.stack([sample.labels for sample in samples if sample.labels is not None]))
    labels = visible_labels(truth, hole, sources)
    return Batch(
        image,
        hole,
        labels,
        tuple(f"{index}" for index in range(batch_size)),
        tuple(range(batch_size)),
        ("a photo",) * batch_size,
    )


def write_batch(path: Path, batch: Batch) -> None:
    """Write a batch as a file that the bench process of any version reads: `image`, `hole` and, if any, `labels`."""
    arrays = {"image": batch.image.numpy(), "hole": batch.hole.numpy()}
    if batch.labels is not None:
        arrays["labels"] = batch.labels.numpy()
    np.savez(path, **arrays)  # type: ignore[arg-type]  # NumPy's stub has `allow_pickle` among the names
