"""All pictures of a training, decoded once by several processes into files that every process maps into memory.

Decoding takes most of the time of a batch, and holds the global interpreter lock where pictures are drawn (streets).
What is left is to crop and to draw holes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.lib.format import open_memmap

from bench.errors import DataError, Failure
from bench.records import write_atomically
from bench.training.data.processes import process_context
from bench.vocabulary import Dataset, Sample, whole_split

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[np.uint8]

__all__ = ["DecodedDataset", "decode_ahead"]

_CHUNK = 32
_PARTS = ("images", "labels")


class DecodedDataset:
    """A Dataset that reads the files of `decode_ahead`; its arrays are read-only.

    Args:
        dataset: the data set that was decoded; gives names, ids and classes.
        folder: of the files.
    """

    def __init__(self, dataset: Dataset, folder: Path) -> None:
        self.name, self.ids, self.revision = dataset.name, dataset.ids, dataset.revision
        self.classes, self.objects = dataset.classes, dataset.objects
        self.whole: Dataset = self if len(whole_split(dataset)) == len(dataset) else whole_split(dataset)
        self._made_from = dataset, folder
        self._images, self._labels = (_opened(folder / f"{part}.npy", "r") for part in _PARTS)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        assert self._images is not None  # noqa: S101 (decode_ahead always writes pictures)
        labels = None if self._labels is None else np.asarray(self._labels[index])
        return Sample(self.ids[index], np.asarray(self._images[index]), labels)

    def __reduce__(self) -> tuple[type[DecodedDataset], tuple[Dataset, Path]]:
        return DecodedDataset, self._made_from  # another process maps the same files


def decode_ahead(dataset: Dataset, folder: Path, workers: int, advance: Callable[[int], None]) -> DecodedDataset:
    """Decode every sample into `folder`, or use the files of an earlier call.

    Args:
        dataset: picklable; its pictures have one size.
        folder: gets a sub-folder for the revision of the data set, of 4 bytes a pixel.
        workers: number of processes.
        advance: called with the number of samples that were decoded since the last call.

    Raises:
        DataError: pictures differ in size, or only some have labels.
        Failure: the disk has no room.
    """
    folder = folder / dataset.revision[:12]
    done = folder / "done"
    if not done.exists():
        _allocate(folder, dataset)
        with ProcessPoolExecutor(
            max(1, workers), process_context(), initializer=_begin, initargs=(dataset, folder)
        ) as pool:
            chunks = [range(first, min(first + _CHUNK, len(dataset))) for first in range(0, len(dataset), _CHUNK)]
            for future in as_completed([pool.submit(_decode, chunk) for chunk in chunks]):
                advance(future.result())
        _flush(folder)
        write_atomically(done, dataset.revision, durable=True)
    return DecodedDataset(dataset, folder)


def _allocate(folder: Path, dataset: Dataset) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    first = dataset[0]
    for part, array in zip(_PARTS, (first.image, first.labels), strict=True):
        path = folder / f"{part}.npy"
        path.unlink(missing_ok=True)
        if array is None:
            continue
        mapped = open_memmap(path, "w+", array.dtype, (len(dataset), *array.shape))
        try:
            with path.open("r+b") as file:  # writing to a hole of a sparse file on a full disk would kill the process
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            path.unlink()
            fix = "Make room, or train with --decode lazily."
            raise Failure(f"file {path}", f"have {mapped.nbytes >> 20} MiB", str(error), fix) from error


def _flush(folder: Path) -> None:
    """Put the pixels on the disk before the marker that says that they are there."""
    for part in _PARTS:
        path = folder / f"{part}.npy"
        if path.exists():
            with path.open("r+b") as file:
                os.fsync(file.fileno())


_source: list[Dataset] = []
_target: list[Pixels | None] = []


def _begin(dataset: Dataset, folder: Path) -> None:
    _source[:] = [dataset]
    _target[:] = [_opened(folder / f"{part}.npy", "r+") for part in _PARTS]


def _decode(indices: range) -> int:
    for index in indices:
        sample = _source[0][index]
        for array, target in zip((sample.image, sample.labels), _target, strict=True):
            _store(sample.id, array, target, index)
    return len(indices)


def _store(sample_id: str, array: Pixels | None, target: Pixels | None, index: int) -> None:
    if array is None and target is None:
        return
    if array is None or target is None or array.shape != target.shape[1:]:
        found = "no label map" if array is None else "x".join(map(str, array.shape))
        fix = "Correct the file, or train with --decode lazily."
        raise DataError(f"sample '{sample_id}'", "be of the size and kind of the first one", found, fix)
    target[index] = array


def _opened(path: Path, mode: Literal["r", "r+"]) -> Pixels | None:
    if not path.exists():
        return None
    mapped: Pixels = np.load(path, mmap_mode=mode)
    return mapped
