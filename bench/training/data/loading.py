"""The batches of a stage, made before they are asked for: by threads, or by processes beside a GPU.

Threads share the decoded pictures, but hold the interpreter's lock beside the thread that launches kernels.
"""

from __future__ import annotations

import itertools
import pickle
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from bench.data import Cached
from bench.errors import Failure, UsageError
from bench.runtime.prefetch import Prefetcher
from bench.training.data.batches import BatchMaker, ByteBatch
from bench.training.data.mixed_dataset import MixedDataset
from bench.training.data.processes import process_context
from bench.vocabulary import Dataset as PictureDataset

__all__ = ["BatchLoader", "ProcessLoader", "batch_loader", "worker_failures"]

_PREFETCHED = 3
"""Batches that each process has ready or in preparation."""

T = TypeVar("T")


class BatchLoader(Protocol):
    """The batches of a stage in the order of their steps, without an end.

    Attributes:
        waited: seconds that the reader has waited for batches.
    """

    waited: float

    def __next__(self) -> ByteBatch:
        """The next batch, in host memory."""
        ...

    def close(self) -> None:
        """Stop the threads or processes."""
        ...


def batch_loader(maker: BatchMaker, first: int, workers: int, device: torch.device) -> BatchLoader:
    """The batches of the steps from `first` on; a batch does not depend on who makes it.

    Args:
        maker: of one batch.
        first: step, counted from 0.
        workers: threads, or processes if the device is a GPU; with 0 the reader makes the batches.
        device: that trains on them.
    """
    if device.type == "cuda" and workers:
        return ProcessLoader(maker, first, workers, pin=True)
    return Prefetcher(lambda step: ByteBatch.of(maker(step)), itertools.count(first), workers)


class ProcessLoader:
    """A BatchLoader whose batches are made by processes.

    Args:
        maker: picklable.
        first: step, counted from 0.
        workers: number of processes.
        pin: whether the batches are in page-locked memory.

    Attributes:
        waited: seconds that the reader has waited for batches.

    Raises:
        UsageError: the maker is not picklable.
    """

    def __init__(self, maker: BatchMaker, first: int, workers: int, *, pin: bool) -> None:
        self.waited = 0.0
        _check_picklable(maker)
        loader: DataLoader[ByteBatch | _Raised] = DataLoader(
            _Steps(replace(maker, dataset=_with_share_of_cache(maker.dataset, workers))),
            batch_size=None,
            sampler=itertools.count(first),
            num_workers=workers,
            collate_fn=_unchanged,
            pin_memory=pin,
            prefetch_factor=_PREFETCHED,
            worker_init_fn=_begin,
            multiprocessing_context=process_context(),
        )
        self._batches: Iterator[ByteBatch | _Raised] | None = iter(loader)

    def __next__(self) -> ByteBatch:
        """The next batch; raises what its process raised, and Failure if a process ended."""
        assert self._batches is not None  # noqa: S101 (nobody reads a closed loader)
        start = time.perf_counter()
        with worker_failures():
            batch = next(self._batches)
        self.waited += time.perf_counter() - start
        if isinstance(batch, _Raised):
            raise batch.error
        return batch

    def close(self) -> None:
        """Stop the processes."""
        self._batches = None  # torch's iterator stops its processes when it is deleted


@contextmanager
def worker_failures() -> Iterator[None]:
    """Raise Failure where torch says by RuntimeError, at any time, that a process that makes batches has ended."""
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error) and "Pin memory thread" not in str(error):
            raise
        fix = "Give fewer --workers, or more memory; batches travel in shared memory (/dev/shm)."
        raise Failure("process that makes batches", "run until the training ends", str(error), fix) from error


class _Raised:
    """An error of a process; torch's loader would change its type and text."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class _Steps(Dataset["ByteBatch | _Raised"]):
    """The batches by their steps, as torch's loader wants them."""

    def __init__(self, maker: BatchMaker) -> None:
        self._maker = maker

    def __getitem__(self, step: int) -> ByteBatch | _Raised:
        try:
            return ByteBatch.of(self._maker(step))
        except Exception as error:  # noqa: BLE001 (raised again by the reader)
            return _Raised(error)


def _check_picklable(maker: BatchMaker) -> None:
    try:
        pickle.dumps(maker)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        subject, must = "data set and mask protocol", "be picklable, since processes make the batches"
        raise UsageError(subject, must, str(error), "Give --workers 0.") from error


def _with_share_of_cache(data: PictureDataset, workers: int) -> PictureDataset:
    """The same data, whose caches take their share of the memory: every process has its own."""
    if isinstance(data, MixedDataset):
        return data.map(lambda part: _with_share_of_cache(part, workers))
    return Cached(data.dataset, data.max_bytes // workers) if isinstance(data, Cached) else data


def _begin(_worker: int) -> None:
    cv2.setNumThreads(1)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C: the training ends after its step and then stops the processes


def _unchanged(batch: T) -> T:
    return batch
