"""Metrics of removed objects in a run: what the judge is shown, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
from bench.errors import DataError
from bench.evaluation.masked_samples import MaskedSample
from bench.evaluation.views.without_object import picture_without
from bench.metrics.cache.feature_cache import shared_cache
from bench.records import CellRecord, Run
from bench.removal import RemovedObject
from bench.reporting import main_table
from bench.segmentation.mapping import MappedJudge
from bench.vocabulary import VOID, Judge, Sample
from tests.support.removals import Scenes, register, removing, repainting, scenes

NAMES = ("class-left", "class-invented", "object-left")


class FlatIsThing:
    """A judge that takes pixels which equal their right neighbour for the thing, and all others for ground."""

    name, fingerprint = "flat-is-thing", "f" * 64
    classes: tuple[str, ...] = ("ground", "thing")

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        flat = (pictures == torch.roll(pictures, -1, dims=3)).all(dim=1)
        return flat.to(torch.uint8)


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register(monkeypatch)
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path / "cache"))
    shared_cache.cache_clear()
    yield
    shared_cache.cache_clear()


def run(data: Scenes, out: Path, judge: Judge | None = None) -> Run:
    return bench.evaluate(
        [repainting(data), removing(data)], data, ["thing-out"], NAMES, out, judge=judge or FlatIsThing()
    )


def cells(done: Run) -> dict[str, CellRecord]:
    return {key.model: cell for key, cell in done.cells.items()}


def values(cell: CellRecord) -> dict[str, float | None]:
    return {key.removesuffix(".hole"): score.value for key, score in cell.metrics.items()}


def bare(index: int = 9) -> Sample:
    """A picture that never had the thing."""
    found = scenes(index + 1).samples[index].truth
    assert found is not None
    assert found.labels is not None
    return Sample(f"bare{index}", found.image, found.labels)


def test_the_thing_that_is_left_is_worse_than_the_truth(tmp_path: Path) -> None:
    done = cells(run(scenes(), tmp_path / "o"))

    assert values(done["repainting"]) == {
        "class-left": pytest.approx(100 * 12 * 11 / 256),
        "class-left-ceiling": 0,
        "class-invented": pytest.approx(100 * 12 * 11 / 256),
        "class-invented-ceiling": 0,
        "object-left": 1,
        "object-left-ceiling": 0,
    }
    assert set(values(done["removing"]).values()) == {0}
    assert "|judge:flat-is-thing@ffffffffffff|" in done["removing"].metrics["class-left.hole"].signature


def test_without_truths_another_picture_bounds_them(tmp_path: Path) -> None:
    data = scenes(paired=False)
    data = replace(data, samples=[*data.samples, bare()])
    done = run(data, tmp_path / "o")
    found = values(cells(done)["repainting"])

    assert found["class-left"] == pytest.approx(0.75 * 100 * 12 * 11 / 256)
    assert found["class-left-ceiling"] == 0
    assert cells(done)["repainting"].metrics["class-left-ceiling.hole"].n == 3, "the bare one has no other beside it"
    assert "the judge's ceiling on pictures that never had the object (%): 0.00" in main_table(done)


def test_where_every_picture_has_the_thing_there_is_no_ceiling(tmp_path: Path) -> None:
    done = run(scenes(paired=False), tmp_path / "o")
    cell = cells(done)["repainting"]

    assert cell.metrics["class-left.hole"].n == 3
    assert cell.metrics["class-left-ceiling.hole"].n_undefined == 3
    assert "no other picture of the split is without it" in cell.notes["class-left-ceiling.hole"]
    assert "no ceiling: undefined in every picture" in main_table(done)


def test_a_judge_that_never_gives_the_class_finds_nothing_out(tmp_path: Path) -> None:
    blind = MappedJudge(FlatIsThing(), (0, VOID), ("ground", "thing"))

    done = run(scenes(), tmp_path / "o", blind)

    for cell in done.cells.values():
        assert all(score.n_undefined == 3 for key, score in cell.metrics.items() if "invented" not in key)
        assert "judge 'flat-is-thing' never gives it (thing)" in cell.notes["class-left.hole"]
    assert "judge 'flat-is-thing' never gives it (thing)" in main_table(done)


def test_without_labels_the_class_is_not_known(tmp_path: Path) -> None:
    for cell in run(scenes(labelled=False), tmp_path / "o").cells.values():
        assert cell.notes["object-left.hole"].startswith("undefined in every picture: the class of the removed objects")


def test_things_need_classes_that_can_be_counted(tmp_path: Path) -> None:
    cell = cells(run(replace(scenes(), objects=()), tmp_path / "o"))["removing"]

    assert "the data set scenes names no classes of countable things" in cell.notes["class-invented.hole"]
    assert cell.metrics["class-left.hole"].n == 3


class Split(Scenes):
    """A split of which a limit leaves one picture, and with one that cannot be read."""

    whole: Scenes
    damaged = ""

    def __getitem__(self, index: int) -> Sample:
        if self.samples[index].id == self.damaged:
            raise DataError(self.damaged, "be readable", "a damaged file", "Mend it.")
        return self.samples[index]


def test_the_next_picture_that_fits_is_taken_whatever_the_limit() -> None:
    first, second = scenes(2, paired=False).samples
    bares = [bare(index) for index in range(5, 10)]
    small = replace(bares[0], image=bares[0].image[:16], labels=np.zeros((16, 32), np.uint8))
    without_labels = replace(bares[1], labels=None)
    unknown = replace(bares[2], labels=np.full((32, 32), VOID, np.uint8))
    whole = Split([bares[4], first, second, small, without_labels, unknown, bares[3]])
    whole.damaged = "bare8"
    limited = Split([first])
    limited.whole = whole
    hole = np.zeros((32, 32), np.bool_)
    hole[6:22, 6:22] = True

    def found(removed: RemovedObject) -> object:
        return picture_without(limited, MaskedSample(first, hole, removed))

    assert found(RemovedObject(label=1)) is bares[4].image
    whole.damaged = ""
    assert found(RemovedObject(label=1)) is bares[3].image
    assert found(RemovedObject(label=0)) is None
    assert found(RemovedObject()) is None
