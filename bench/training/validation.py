"""Validation: the scores of a stage on pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

import bench.metrics
from bench.metrics.pixel.psnr import PSNR_CAP
from bench.pictures import composite, quantise
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.recipe import Stage, StageOutput
from bench.vocabulary import VOID

__all__ = ["mean_psnr", "predict_batches", "validate"]


def validate(stage: Stage, batches: BatchMaker, device: torch.device) -> dict[str, float]:
    """Scores over the validation pictures; call it with the networks in evaluation mode.

    Returns:
        `val.psnr.hole` (dB) and `val.l1.hole` (%): means over pictures, composited and quantised to uint8;
        `val.accuracy.hole`, `val.miou.hole` and the same with `.known`: of label maps, over labelled pixels, 0 to 1.
        Only scores of what the stage predicts.
    """
    psnr, l1 = [], []
    confusion = {"hole": _ConfusionMatrix(), "known": _ConfusionMatrix()}
    for batch, output in predict_batches(stage, batches, device):
        if output.image is not None:
            completed = composite(output.image.float(), batch.image, batch.hole)
            truth, completed = quantise(batch.image), quantise(completed)
            psnr += bench.metrics.psnr(truth, completed, batch.hole).tolist()
            l1 += bench.metrics.l1(truth, completed, batch.hole).tolist()
        if output.labels is not None and batch.labels is not None:
            confusion["hole"].add(batch.labels, output.labels, batch.hole[:, 0])
            confusion["known"].add(batch.labels, output.labels, ~batch.hole[:, 0])
    scores = {"val.psnr.hole": mean_psnr(psnr), "val.l1.hole": sum(l1) / len(l1)} if psnr else {}
    for region, matrix in confusion.items():
        scores |= {f"val.{name}.{region}": value for name, value in matrix.scores().items()}
    return scores


def mean_psnr(values: Sequence[float]) -> float:
    """The mean over pictures in dB, of one or more; an exact picture counts as the cap of the metric."""
    return sum(min(value, PSNR_CAP) for value in values) / len(values)


def predict_batches(
    stage: Stage, batches: BatchMaker, device: torch.device
) -> Iterator[tuple[TrainingBatch, StageOutput]]:
    """All validation pictures in batches, each with the predictions of the stage."""
    for step in range(-(-len(batches.dataset) // batches.batch_size)):
        batch = TrainingBatch.on(device, batches(step))
        yield batch, stage.predict(batch)


class _ConfusionMatrix:
    """Counts of (true, predicted) classes, int64 [256 * 256]."""

    def __init__(self) -> None:
        self._counts = torch.zeros((VOID + 1) ** 2, dtype=torch.int64)

    def add(self, truth: torch.Tensor, predicted: torch.Tensor, region: torch.Tensor) -> None:
        labelled = region & (truth != VOID)
        pairs = truth[labelled].long() * (VOID + 1) + predicted[labelled].long()
        self._counts += torch.bincount(pairs, minlength=len(self._counts)).cpu()

    def scores(self) -> dict[str, float]:
        matrix = self._counts.view(VOID + 1, VOID + 1).double()
        if not matrix.any():
            return {}
        hits, union = matrix.diagonal(), matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
        present = matrix.sum(1) > 0
        return {"accuracy": float(hits.sum() / matrix.sum()), "miou": float((hits / union)[present].mean())}
