"""Batches made ahead of their use by threads, always in order."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from bench.training.batches import HostBatch

__all__ = ["Loader"]


class Loader:
    """An endless iterator over the batches of a stage.

    Args:
        make: step number to batch; called from several threads.
        first: the first step.
        workers: how many make batches at once; 0 makes each one when it is asked for.

    Attributes:
        waited: seconds that the reader has waited for batches.
    """

    def __init__(self, make: Callable[[int], HostBatch], first: int, workers: int = 2) -> None:
        self.waited = 0.0
        self._make, self._next, self._ahead = make, itertools.count(first), 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="loader") if workers else None
        self._futures: deque[Future[HostBatch]] = deque()

    def __iter__(self) -> Iterator[HostBatch]:
        return self

    def __next__(self) -> HostBatch:
        start = time.perf_counter()
        batch = self._make(next(self._next)) if self._pool is None else self._from_pool(self._pool)
        self.waited += time.perf_counter() - start
        return batch

    def close(self) -> None:
        """Stop the threads; batches that nobody asked for are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _from_pool(self, pool: ThreadPoolExecutor) -> HostBatch:
        while len(self._futures) <= self._ahead:
            self._futures.append(pool.submit(self._make, next(self._next)))
        return self._futures.popleft().result()
