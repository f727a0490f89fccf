from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import bench.data
from bench.data import Cached
from bench.vocabulary import Dataset, Sample

BYTES = 4 * 4 * 4  # of one sample: three bytes of colour and one of label a pixel


class Counting:
    """A Dataset that counts how often each sample was made."""

    def __init__(self, length: int = 4) -> None:
        self.name, self.revision = "counting", "r"
        self.classes: tuple[str, ...] = ("x",)
        self.objects: tuple[int, ...] = ()
        self.ids: Sequence[str] = tuple(map(str, range(length)))
        self.made: list[int] = []

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        self.made.append(index)
        return Sample(self.ids[index], np.full((4, 4, 3), index, np.uint8), np.zeros((4, 4), np.uint8))

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))


def test_it_says_what_the_dataset_says(folder: Path) -> None:
    dataset: Dataset = bench.data.load("folder", root=folder)
    cached: Dataset = Cached(dataset)

    assert (cached.name, cached.revision, list(cached.ids)) == (dataset.name, dataset.revision, list(dataset.ids))
    assert (cached.classes, cached.objects, len(cached)) == (dataset.classes, dataset.objects, len(dataset))
    for theirs, ours in zip(dataset, cached, strict=True):
        assert theirs.id == ours.id
        assert np.array_equal(theirs.image, ours.image)
        assert theirs.labels is not None
        assert ours.labels is not None
        assert np.array_equal(theirs.labels, ours.labels)


def test_a_sample_is_made_once() -> None:
    dataset = Counting()
    cached = Cached(dataset)
    for _ in range(3):
        list(cached)

    assert dataset.made == [0, 1, 2, 3]
    assert cached[-1] is cached[3]


def test_beyond_the_limit_the_sample_used_longest_ago_goes() -> None:
    dataset = Counting()
    cached = Cached(dataset, max_bytes=2 * BYTES)
    for index in (0, 1, 0, 2, 0, 1):
        cached[index]

    assert dataset.made == [0, 1, 2, 1]


def test_the_whole_split_is_cached_with_the_part(folder: Path) -> None:
    part = Cached(bench.data.load("folder", root=folder, limit=1))

    assert isinstance(part.whole, Cached)
    assert list(part.whole.ids) == ["a", "b", "deep/c"]
    assert part.whole[0] is part[0]
    assert part.whole.whole is part.whole


def test_a_sample_larger_than_the_limit_passes_through() -> None:
    dataset = Counting()
    cached = Cached(dataset, max_bytes=BYTES - 1)

    assert [cached[1].id, cached[1].id] == ["1", "1"]
    assert dataset.made == [1, 1]


def test_nobody_can_change_what_others_read(folder: Path) -> None:
    sample = Cached(bench.data.load("folder", root=folder))[0]

    assert sample.labels is not None
    for array in (sample.image, sample.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_there_is_no_sample_past_the_end() -> None:
    with pytest.raises(IndexError):
        Cached(Counting(2))[2]


def test_threads_share_it() -> None:
    dataset = Counting(32)
    cached = Cached(dataset, max_bytes=8 * BYTES)
    start = threading.Barrier(8)

    def read(seed: int) -> bool:
        start.wait()
        order = np.random.default_rng(seed).integers(0, 32, 500)
        return all((cached[int(index)].image == index).all() for index in order)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_it_travels_to_other_processes(folder: Path) -> None:
    cached = Cached(bench.data.load("folder", root=folder), max_bytes=10_000_000)
    first = cached[0]

    copy = pickle.loads(pickle.dumps(cached))  # noqa: S301  # our own bytes

    assert copy.max_bytes == 10_000_000
    assert np.array_equal(copy[0].image, first.image)
