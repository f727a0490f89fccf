"""Decode once, use often: many models and protocols read the same samples."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property

from bench.vocabulary import Dataset, Sample

__all__ = ["Cached"]


class Cached:
    """A Dataset that keeps the samples used last in memory; safe to share between threads.

    The arrays of its samples are read-only: every reader gets the same ones.

    Args:
        dataset: where samples come from.
        max_bytes: limit of the pixels kept, pictures and labels together; a larger sample passes through unkept.
    """

    def __init__(self, dataset: Dataset, max_bytes: int = 1 << 30) -> None:
        self.dataset, self.max_bytes = dataset, max_bytes
        self.name, self.ids = dataset.name, dataset.ids
        self.classes, self.objects = dataset.classes, dataset.objects
        self._samples: OrderedDict[int, Sample] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @cached_property
    def revision(self) -> str:
        """Revision of the dataset behind: a cache changes nothing."""
        return self.dataset.revision

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        index = range(len(self))[index]  # one key a sample: -1 is the last one
        with self._lock:
            if index in self._samples:
                self._samples.move_to_end(index)
                return self._samples[index]
        sample = _read_only(self.dataset[index])  # outside the lock: decoding takes long
        with self._lock:
            return self._keep(index, sample)

    def __reduce__(self) -> tuple[type[Cached], tuple[Dataset, int]]:
        return Cached, (self.dataset, self.max_bytes)  # another process starts with an empty cache

    def _keep(self, index: int, sample: Sample) -> Sample:
        if index in self._samples:  # another thread was faster
            return self._samples[index]
        if _bytes(sample) <= self.max_bytes:
            self._samples[index] = sample
            self._bytes += _bytes(sample)
        while self._bytes > self.max_bytes:
            _, oldest = self._samples.popitem(last=False)
            self._bytes -= _bytes(oldest)
        return sample


def _bytes(sample: Sample) -> int:
    return sample.image.nbytes + (0 if sample.labels is None else sample.labels.nbytes)


def _read_only(sample: Sample) -> Sample:
    """The sample behind views that refuse writing; the dataset's own arrays stay as they are."""
    image, labels = sample.image.view(), None if sample.labels is None else sample.labels.view()
    for array in (image, labels):
        if array is not None:
            array.setflags(write=False)
    return Sample(sample.id, image, labels)
