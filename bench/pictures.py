"""The one way in and out of a model: hide the hole, check the answer, quantise, composite."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import ModelFailure
from bench.vocabulary import VOID, Batch, LabelAxes, Prediction, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["checked", "composite", "hide", "quantise", "sample_seed", "stack_pictures"]

_SLACK = 1 / 255
"""How far outside [0, 1] a prediction may stray before it is taken for another range; quantising clips it."""


def sample_seed(seed: int, sample_id: str) -> int:
    """The seed that a model is handed for a sample: 63 bits of SHA-256 over the run's seed and the id."""
    digest = hashlib.sha256(f"model|{seed}|{sample_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stack_pictures(pictures: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> torch.Tensor:
    """uint8 [H, W, 3] each -> uint8 [N, 3, H, W], contiguous."""
    return torch.from_numpy(np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2)))


def hide(samples: Sequence[Sample], holes: Sequence[Hole], seed: int, labels: LabelAxes) -> Batch:
    """What a model may see: pictures whose hole pixels are 0 and, only if its label sources ask for it, label maps.

    With `labels.context == "oracle"` the true label map comes along with VOID in the hole; with
    `labels.hole == "oracle"` whole.
    """
    hole = torch.from_numpy(np.stack(holes))[:, None]  # [N, 1, H, W]
    image = stack_pictures([sample.image for sample in samples]).float().div(255).masked_fill(hole, 0.0)
    shown = None
    if "oracle" in (labels.context, labels.hole) and all(sample.labels is not None for sample in samples):
        shown = torch.from_numpy(np.stack([sample.labels for sample in samples if sample.labels is not None]))
        if labels.hole != "oracle":
            shown = shown.masked_fill(hole[:, 0], VOID)
    ids = tuple(sample.id for sample in samples)
    return Batch(image, hole, shown, ids, tuple(sample_seed(seed, sample_id) for sample_id in ids))


def checked(prediction: Prediction, batch: Batch) -> torch.Tensor:
    """The predicted pictures, float32 [N, 3, H, W] on the CPU; raises ModelFailure for what is no such picture, and
    for label maps that are not uint8 [N, H, W]."""
    image = prediction.image
    if not isinstance(image, torch.Tensor) or image.shape != batch.image.shape:
        found = list(image.shape) if isinstance(image, torch.Tensor) else type(image).__name__
        raise ModelFailure("the model's picture", f"have shape {list(batch.image.shape)}", str(found))
    labels, size = prediction.labels, [batch.image.shape[0], *batch.image.shape[2:]]
    if labels is not None and (labels.dtype != torch.uint8 or list(labels.shape) != size):
        raise ModelFailure("the model's label map", f"be torch.uint8 {size}", f"{labels.dtype} {list(labels.shape)}")
    image = image.detach().to("cpu", torch.float32)
    if not torch.isfinite(image).all():
        raise ModelFailure("the model's picture", "be finite", f"{int((~torch.isfinite(image)).sum())} NaN or infinite")
    low, high = float(image.min()), float(image.max())
    if low < -_SLACK or high > 1 + _SLACK:
        raise ModelFailure(
            "the model's picture", "lie in 0 to 1", f"{low:.4g} to {high:.4g}", "Rescale it or declare its range."
        )
    return image


def quantise(image: torch.Tensor) -> torch.Tensor:
    """float [0, 1] -> uint8 by rounding half to even and clipping."""
    return image.mul(255).round().clamp(0, 255).to(torch.uint8)


def composite(raw: torch.Tensor, truth: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """Known pixels of `truth`, hole pixels of `raw`: uint8 [N, 3, H, W] twice and bool [N, 1, H, W]."""
    return torch.where(hole, raw, truth)
