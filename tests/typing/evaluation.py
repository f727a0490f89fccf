"""Type-checked, never run: a model of one's own is evaluated beside models of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

import bench
import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench import gating, reporting
from bench.records import Run
from bench.vocabulary import Batch, Dataset, Inpainter, LabelSources, Prediction, Protocol


@dataclass
class Grey:
    """An Inpainter: a class with these attributes and this method, no base class."""

    name: str = "grey"
    fingerprint: str = "0" * 64
    label_sources: LabelSources = field(default_factory=LabelSources)

    def inpaint(self, batch: Batch) -> Prediction:
        return Prediction(batch.image.masked_fill(batch.hole, 0.5))


def evaluate() -> Run:
    dataset: Dataset = bench.data.load("streets", split="test", size=(256, 256), limit=4)
    telea: Inpainter = bench.models.load("telea", device="cpu")
    models: list[str | Inpainter] = ["mean", telea, Grey()]
    return bench.evaluate(models, dataset, ["center-50", "freeform@1"], ["psnr", "ssim"], "results/typing", seed=1)


def report_and_gate(run: Run) -> tuple[float | None, bool]:
    reporting.report(run.layout.out)
    scores = {key.model: cell.metrics["psnr.hole"] for key, cell in run.cells.items()}
    comparison = gating.compare(run)
    result = gating.gate(run, run)
    return scores["mean"].value, bool(comparison.tests) and bool(result)


def holes() -> tuple[npt.NDArray[np.bool_], Protocol]:
    labels = np.zeros((128, 192), np.uint8)
    return bench.masks.draw("object@2", height=128, width=192, key="a", seed=0, labels=labels), bench.masks.get(
        "object"
    )
