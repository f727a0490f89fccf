from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bench.data
from bench.data.camvid import CLASSES
from bench.errors import DataError, UsageError
from bench.training import MixedDataset, Mixture, open_data
from tests.support.training_pack import write_split
from tests.training.toys import Squares, toy_data


def test_every_part_has_its_share_of_an_epoch() -> None:
    first, second = Squares(4), Squares(9, side=21)
    mixed = MixedDataset([first, second], [0.75, 0.25])

    sides = Counter(sample.image.shape[0] for sample in mixed)
    ids = Counter(mixed.ids)

    assert sides == {20: 27, 21: 9}
    assert len(mixed) == len(mixed.ids) == 36
    assert {ids[f"{index:03d}"] for index in range(4)} == {7, 8}  # 27 / 4 of the first, and 1 of the second
    assert all(sample.id == name for sample, name in zip(mixed, mixed.ids, strict=True))
    assert len({MixedDataset([first, second], shares).revision for shares in ([1, 1], [1, 2], [2, 4])}) == 2


def test_a_mixture_can_be_cached_and_pickled_part_by_part() -> None:
    mixed = MixedDataset([Squares(2), Squares(3)], [0.5, 0.5])

    cached = mixed.map(bench.data.Cached)

    assert (cached.name, cached.revision, cached.ids) == (mixed.name, mixed.revision, mixed.ids)
    assert all(isinstance(part, bench.data.Cached) for part in cached.parts)
    for one in (cached, pickle.loads(pickle.dumps(mixed))):  # noqa: S301 (written here)
        assert all(np.array_equal(a.image, b.image) for a, b in zip(one, mixed, strict=True))


def test_the_settings_of_a_training_name_both() -> None:
    data = open_data("streets", None, (32, 32), limit=3, mix=Mixture("streets", 0.25), mix_limit=4)
    alone = open_data("streets", None, (32, 32), limit=3)

    assert data.identity()["dataset"] == "streets:0.75,streets:0.25"
    assert data.identity()["pictures"] == 16
    assert data.identity()["revision"] != alone.identity()["revision"]
    assert replace(data, train=alone.train).identity() == alone.identity()


def test_streets_has_the_classes_of_camvid() -> None:
    streets = bench.data.load("streets", "val", (32, 32), limit=1)

    assert tuple(streets.classes) == CLASSES


@pytest.mark.parametrize("text", ["streets", "streets:half", "streets:0", "streets:1", ":nan"])
def test_a_share_must_be_between_0_and_1(text: str) -> None:
    with pytest.raises(UsageError, match="mixed data set"):
        Mixture.parse(text)


def test_other_classes_cannot_be_mixed_in() -> None:
    other = Squares(2)
    other.classes = ("square", "ground")

    with pytest.raises(DataError, match="have the classes of 'squares' in the same order; found square, ground"):
        MixedDataset([Squares(2), other], [0.5, 0.5])


def test_a_pack_is_read_as_the_data_set_that_it_was_made_of(tmp_path: Path) -> None:
    train, val = (bench.data.load("streets", split, (40, 40), limit=3) for split in ("train", "val"))

    error = write_split(tmp_path, "train", train, quality=97)
    exact = write_split(tmp_path, "val", val)

    packed = open_data("camvid", str(tmp_path), (32, 32))
    assert packed.train.ids == train.ids
    assert tuple(packed.train.classes) == CLASSES
    assert all(
        np.array_equal(a.labels, b.labels)
        for a, b in zip(packed.train, train, strict=True)
        if a.labels is not None and b.labels is not None
    )
    assert 0 < error < 4
    assert exact == 0
    read = bench.data.load("camvid", "val", (40, 40), tmp_path)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(read, val, strict=True))
    with pytest.raises(DataError, match="CamVid's 11 classes; found ground, square"):
        write_split(tmp_path, "other", toy_data().train)
