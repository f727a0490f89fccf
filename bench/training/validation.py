"""How good a stage is on pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import bench.metrics
from bench.training.batches import BatchMaker, TrainingBatch
from bench.training.recipe import Stage, StageOutput
from bench.vocabulary import VOID

__all__ = ["as_bytes", "composite", "predictions", "validate"]


def validate(stage: Stage, maker: BatchMaker, device: torch.device) -> dict[str, float]:
    """Scores over the validation pictures; call it with the networks in evaluation mode.

    Returns:
        `val.psnr.hole` (dB) and `val.l1.hole` (%): means over pictures, composited and rounded to bytes;
        `val.accuracy.hole`, `val.miou.hole` and the same `.known`: of label maps, over all labelled pixels, 0 to 1.
        Only what the stage makes.
    """
    psnr, l1 = [], []
    confusion = {"hole": _Confusion(), "known": _Confusion()}
    for batch, output in predictions(stage, maker, device):
        if output.image is not None:
            truth, made = as_bytes(batch.image), as_bytes(composite(output.image, batch))
            psnr += bench.metrics.psnr(truth, made, batch.hole).tolist()
            l1 += bench.metrics.l1(truth, made, batch.hole).tolist()
        if output.labels is not None and batch.labels is not None:
            confusion["hole"].add(batch.labels, output.labels, batch.hole[:, 0])
            confusion["known"].add(batch.labels, output.labels, ~batch.hole[:, 0])
    scores = {"val.psnr.hole": sum(psnr) / len(psnr), "val.l1.hole": sum(l1) / len(l1)} if psnr else {}
    for region, counts in confusion.items():
        scores |= {f"val.{name}.{region}": value for name, value in counts.scores().items()}
    return scores


def predictions(stage: Stage, maker: BatchMaker, device: torch.device) -> Iterator[tuple[TrainingBatch, StageOutput]]:
    """All validation pictures in batches, and what the stage makes of them."""
    for step in range(-(-len(maker.dataset) // maker.batch_size)):
        batch = TrainingBatch.on(device, maker(step))
        yield batch, stage.predict(batch)


def composite(image: torch.Tensor, batch: TrainingBatch) -> torch.Tensor:
    """Known pixels of the truth, hole pixels of `image`: float32 [N, 3, H, W]."""
    return torch.where(batch.hole, image.float(), batch.image)


class _Confusion:
    """Counts of (true, predicted) classes, int64 [256 * 256]."""

    def __init__(self) -> None:
        self._counts = torch.zeros((VOID + 1) ** 2, dtype=torch.int64)

    def add(self, truth: torch.Tensor, predicted: torch.Tensor, region: torch.Tensor) -> None:
        where = region & (truth != VOID)
        pairs = truth[where].long() * (VOID + 1) + predicted[where].long()
        self._counts += torch.bincount(pairs, minlength=len(self._counts)).cpu()

    def scores(self) -> dict[str, float]:
        matrix = self._counts.view(VOID + 1, VOID + 1).double()
        if not matrix.any():
            return {}
        hits, union = matrix.diagonal(), matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
        present = matrix.sum(1) > 0
        return {"accuracy": float(hits.sum() / matrix.sum()), "miou": float((hits / union)[present].mean())}


def as_bytes(image: torch.Tensor) -> torch.Tensor:
    """[0, 1] as uint8, rounded."""
    return image.mul(255).round().clamp(0, 255).byte()
