"""Label maps under removal: what oracles are given, and truths of which only some have a label map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bench
from bench.vocabulary import Batch, LabelSources, Prediction, Sample, Truth
from tests.support.removals import Scenes, register, removing, scenes


@pytest.fixture(autouse=True)
def catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


class Oracle:
    """Completes its label map with the one that it is given."""

    fingerprint = "o" * 64

    def __init__(self, hole: str) -> None:
        self.name = f"oracle-{hole}"
        self.label_sources = LabelSources("oracle", "oracle" if hole == "hole" else "predicted")
        self.given: dict[str, np.ndarray | None] = {}

    def inpaint(self, batch: Batch) -> Prediction:
        maps = [None] * len(batch.ids) if batch.labels is None else [one.numpy() for one in batch.labels]
        self.given |= dict(zip(batch.ids, maps, strict=True))
        return Prediction(batch.image, batch.labels)


def labels_of(part: Sample | Truth | None) -> np.ndarray:
    assert part is not None
    assert part.labels is not None
    return part.labels


def with_truth_labels(data: Scenes, keep: int) -> Scenes:
    """The first samples with the label maps of their truths, the others without; a wall crosses the truths' holes."""
    changed = []
    for place, sample in enumerate(data):
        wall = labels_of(sample.truth).copy()
        wall[:, 12:15] = 1
        assert sample.truth is not None
        changed.append(replace(sample, truth=replace(sample.truth, labels=wall if place < keep else None)))
    return replace(data, samples=changed)


def test_an_oracle_is_given_the_truths_labels_and_never_the_objects(tmp_path: Path) -> None:
    data, hole, context = with_truth_labels(scenes(), 3), Oracle("hole"), Oracle("context")

    run = bench.evaluate([hole, context], data, ["thing-out"], ["label-accuracy"], tmp_path / "out")

    missing = np.zeros((32, 32), np.bool_)
    missing[6:22, 6:22] = True
    for sample in data:
        shown, wanted = labels_of(sample), labels_of(sample.truth)
        given, seen = hole.given[sample.id], context.given[sample.id]
        assert given is not None
        assert seen is not None
        assert np.array_equal(given, np.where(missing, wanted, shown))
        assert np.array_equal(seen, np.where(missing, 255, shown))
    assert [cell.metrics["label-accuracy.hole"].value for cell in run.cells.values()] == [100, 0]


def test_without_labels_of_the_truths_an_oracle_is_given_none(tmp_path: Path) -> None:
    data, hole = with_truth_labels(scenes(), 0), Oracle("hole")

    bench.evaluate([hole], data, ["thing-out"], ["l1"], tmp_path / "out")

    assert set(hole.given.values()) == {None}


def test_truths_without_labels_leave_the_others_their_scores(tmp_path: Path) -> None:
    data = with_truth_labels(scenes(4), 2)
    metrics = ["l1", "label-accuracy"]

    run = bench.evaluate([Oracle("context")], data, ["thing-out"], metrics, tmp_path / "out")

    alone = bench.evaluate(
        [Oracle("context")], replace(data, samples=data.samples[:2]), ["thing-out"], metrics, tmp_path / "alone"
    )
    (key,) = run.cells
    values = [record.values for record in run.records(key)]
    assert values[:2] == [record.values for record in alone.records(key)]
    assert all(np.isnan(one["label-accuracy.hole"]) and np.isnan(one["l1.boundary"]) for one in values[2:])
    assert not np.isnan(values[0]["l1.boundary"])


def test_unlabelled_pictures_are_measured_by_what_needs_no_labels(tmp_path: Path) -> None:
    data = replace(scenes(labelled=False), classes=(), objects=())

    run = bench.evaluate([removing(data)], data, ["thing-out"], ["l1", "label-miou", "class-left"], tmp_path / "out")

    (cell,) = run.cells.values()
    assert cell.metrics["l1.hole"].value == 0
    assert cell.metrics["l1.boundary"].value is None
    assert cell.metrics["label-miou.hole"].value is None
    assert "no labels" in run.info.unavailable["class-left"]
