"""Decode once, use often: many models and protocols read the same samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from bench.errors import DataError
from bench.removal import RemovedObject, RemovesObjects
from bench.runtime.byte_lru import ByteLRU
from bench.vocabulary import Dataset, Sample, SampleRevisions, Truth, whole_split

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["Cached"]

Scene: TypeAlias = tuple[str, bytes]
"""A sample's id, and a hash of the region whose objects are taken out."""


class Cached:
    """A Dataset that keeps the samples used last in memory; safe to share between threads.

    The arrays of its samples are read-only: every reader gets the same ones.

    Args:
        dataset: where samples come from.
        max_bytes: limit of the pixels in memory, pictures and labels together; a larger sample passes through uncached.

    Attributes:
        without: as of RemovesObjects; there alone where the data set has it.
    """

    without: Callable[[str, Hole], RemovedObject]

    def __init__(self, dataset: Dataset, max_bytes: int = 1 << 30) -> None:
        self.dataset, self.max_bytes = dataset, max_bytes
        self.name, self.ids = dataset.name, dataset.ids
        self.classes, self.objects = dataset.classes, dataset.objects
        self._samples: ByteLRU[str, Sample] = ByteLRU(max_bytes, _count_bytes)
        self._scenes: ByteLRU[Scene, RemovedObject] = ByteLRU(max_bytes, _count_bytes_without)
        self._tolerant = False
        if isinstance(dataset, RemovesObjects):  # so that the cached data set is a RemovesObjects as well, or is not
            self.without = self._without

    @cached_property
    def revision(self) -> str:
        """Revision of the dataset behind: a cache changes nothing."""
        return self.dataset.revision

    @cached_property
    def whole(self) -> Dataset:
        """The whole split, cached in the same memory."""
        whole = whole_split(self.dataset)
        if len(whole) == len(self):
            return self
        return self._beside(whole, tolerant=self._tolerant)

    def tolerating(self, *, bad: bool) -> Cached:
        """The same samples in the same memory; with `bad`, one that cannot be read is a black pixel without labels."""
        return self._beside(self.dataset, tolerant=bad)

    def _beside(self, dataset: Dataset, *, tolerant: bool) -> Cached:
        cached = Cached(dataset, self.max_bytes)
        cached._samples, cached._scenes, cached._tolerant = self._samples, self._scenes, tolerant
        return cached

    @property
    def from_files(self) -> bool:
        """Whether samples are read from files, which may be damaged."""
        from bench.data.files import FileDataset

        return isinstance(self.dataset, FileDataset)

    @property
    def rules(self) -> str:
        """What every sample depends on beside its own files; a data set that does not say it is one piece."""
        return self.dataset.rules if isinstance(self.dataset, SampleRevisions) else self.revision

    def sample_revisions(self) -> Sequence[str]:
        """A hash of everything that each sample depends on."""
        if isinstance(self.dataset, SampleRevisions):
            return self.dataset.sample_revisions()
        return [self.revision] * len(self)

    def revisions_beyond(self) -> Sequence[str]:
        """The same for all samples of the split, where a limit leaves some out; empty where it does not."""
        whole = whole_split(self.dataset)
        return [] if len(whole) == len(self) else Cached(whole).sample_revisions()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        try:
            return self._samples.get(self.ids[index], lambda: _read_only(self.dataset[index]))
        except DataError:
            if not self._tolerant:
                raise
            import numpy as np

            return Sample(self.ids[index], np.zeros((1, 1, 3), np.uint8))

    def _without(self, sample_id: str, region: Hole) -> RemovedObject:
        assert isinstance(self.dataset, RemovesObjects)  # noqa: S101 (else there is no attribute `without`)
        scene = sample_id, hashlib.sha256(region.tobytes()).digest()
        without = self.dataset.without
        return self._scenes.get(scene, lambda: without(sample_id, region))

    def __reduce__(self) -> tuple[type[Cached], tuple[Dataset, int]]:
        return Cached, (self.dataset, self.max_bytes)  # another process starts with an empty cache


def _count_bytes(sample: Sample) -> int:
    return sum(array.nbytes for array in (sample.image, sample.labels) if array is not None) + _truth_bytes(
        sample.truth
    )


def _count_bytes_without(removed: RemovedObject) -> int:
    maps = (removed.pixels, removed.effects)
    return sum(array.nbytes for array in maps if array is not None) + _truth_bytes(removed.truth)


def _truth_bytes(truth: Truth | None) -> int:
    arrays = () if truth is None else (truth.image, truth.labels)
    return sum(array.nbytes for array in arrays if array is not None)


def _read_only(sample: Sample) -> Sample:
    """The sample behind views that refuse writing; the dataset's own arrays stay as they are."""
    truth = sample.truth
    if truth is not None:
        truth = Truth(_sealed(truth.image), None if truth.labels is None else _sealed(truth.labels))
    labels = None if sample.labels is None else _sealed(sample.labels)
    return replace(sample, image=_sealed(sample.image), labels=labels, truth=truth)


def _sealed(array: Picture) -> Picture:
    view = array.view()
    view.setflags(write=False)
    return view
