from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
from bench.vocabulary import Batch, Dataset, Prediction


def test_label_maps_that_a_model_completes_are_scored_in_the_hole(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    class AllGround(flat_model):  # type: ignore[misc]  # a fixture's class
        def inpaint(self, batch: Batch) -> Prediction:
            labels = torch.zeros(batch.hole.shape[0], *batch.hole.shape[2:], dtype=torch.uint8)
            return Prediction(super().inpaint(batch).image, labels)

    run = bench.evaluate([AllGround()], pictures, ["center-50"], ["label-accuracy", "label-miou"], tmp_path / "out")

    (key,) = run.cells
    for record, sample in zip(run.records(key), pictures, strict=True):
        assert sample.labels is not None
        ground = float(np.mean(sample.labels[12:36, 12:36] == 0))
        assert record.values["label-accuracy.hole"] == pytest.approx(100 * ground, abs=1e-9)
        classes = 1 if ground == 1 else 2
        assert record.values["label-miou.hole"] == pytest.approx(100 * ground / classes, abs=1e-9)


def test_without_completed_label_maps_the_scores_are_undefined(
    pictures: Dataset, tmp_path: Path, flat_model: type
) -> None:
    run = bench.evaluate([flat_model()], pictures, ["center-50"], ["psnr", "label-miou"], tmp_path / "out")

    (key,) = run.cells
    assert all(math.isnan(record.values["label-miou.hole"]) for record in run.records(key))
    score = run.cells[key].metrics["label-miou.hole"]
    assert (score.value, score.n, score.n_undefined) == (None, 0, 20)
