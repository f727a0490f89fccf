"""Batches made ahead of their use, in threads or processes, always in order."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Literal

from bench.training.batches import HostBatch

__all__ = ["Loader", "WorkerKind"]

WorkerKind = Literal["threads", "processes"]


class Loader:
    """An endless iterator over the batches of a stage.

    Threads share one cache of decoded pictures and need no start; processes help where decoding holds Python's lock
    (pictures that are drawn, not read) and there are cores to spare. What comes out does not depend on either.

    Args:
        make: step number to batch; for processes it must be picklable.
        first: the first step.
        workers: how many make batches at once; 0 makes each one when it is asked for.
        kind: threads or processes.

    Attributes:
        waited: seconds that the reader has waited for batches.
    """

    def __init__(
        self, make: Callable[[int], HostBatch], first: int, workers: int = 2, kind: WorkerKind = "threads"
    ) -> None:
        self.waited = 0.0
        self._make, self._next = make, itertools.count(first)
        self._ahead = 2 * workers
        self._pool = _pool(make, workers, kind)
        self._call: Callable[[int], HostBatch] = _make_in_process if kind == "processes" else make
        self._futures: deque[Future[HostBatch]] = deque()

    def __iter__(self) -> Iterator[HostBatch]:
        return self

    def __next__(self) -> HostBatch:
        start = time.perf_counter()
        batch = self._make(next(self._next)) if self._pool is None else self._from_pool(self._pool)
        self.waited += time.perf_counter() - start
        return batch

    def close(self) -> None:
        """Stop the workers; batches that nobody asked for are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _from_pool(self, pool: Executor) -> HostBatch:
        while len(self._futures) <= self._ahead:
            self._futures.append(pool.submit(self._call, next(self._next)))
        return self._futures.popleft().result()


def _pool(make: Callable[[int], HostBatch], workers: int, kind: WorkerKind) -> Executor | None:
    if workers == 0:
        return None
    if kind == "threads":
        return ThreadPoolExecutor(workers, thread_name_prefix="loader")
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads and locks
    return ProcessPoolExecutor(workers, context, initializer=_receive, initargs=(make,))


_maker: list[Callable[[int], HostBatch]] = []


def _receive(make: Callable[[int], HostBatch]) -> None:
    _maker[:] = [make]


def _make_in_process(step: int) -> HostBatch:
    return _maker[0](step)
