"""Objects removed from `streets`: a model that leaves the object is last, the scene without it is first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import bench
import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench.errors import NotApplicable
from bench.records import Score
from bench.removal import RemovedObject, Removing
from bench.vocabulary import Sample
from tests.support.removals import Painter

COLUMNS = {"psnr.hole": 1, "psnr.full": 1, "l1.hole": -1, "l1.full": -1, "ssim.hole": 1, "class-left.hole": -1}
"""What tells whether an object is gone, by the sign of better."""


def test_the_order_of_fills_is_right(tmp_path: Path) -> None:
    protocol = "object-removal-0"
    streets = bench.data.Cached(bench.data.load("streets", size=(64, 64), limit=5))
    left, removed = Painter("object-left", {}), Painter("removed", {})
    old = []
    for sample in streets:
        found = without(protocol, sample, streets)
        if found is not None and found.truth is not None:
            left.fills[sample.id], removed.fills[sample.id] = sample.image, found.truth.image
            old.append(float(bench.metrics.psnr(sample.image, found.truth.image)))
    models = [left, removed, bench.models.load("patchmatch")]

    run = bench.evaluate(models, streets, [protocol], ["psnr", "l1", "ssim", "class-left"], tmp_path / "out")

    cells = {key.model: cell.metrics for key, cell in run.cells.items()}
    for column, sign in COLUMNS.items():
        values = {name: number(metrics[column]) * sign for name, metrics in cells.items()}
        assert sorted(values, key=values.__getitem__) == ["object-left", "patchmatch", "removed"], column
    assert cells["object-left"]["psnr.hole"].n == len(old) >= 3
    assert np.mean(old) < 30, "against the picture that shows the object the true removal is far off"


def number(score: Score) -> float:
    assert score.value is not None
    return score.value


def without(protocol: str, sample: Sample, dataset: bench.data.Cached) -> RemovedObject | None:
    rule = bench.masks.get(protocol)
    assert isinstance(rule, Removing)
    try:
        return rule.removed(sample, 0, dataset)
    except NotApplicable:
        return None
