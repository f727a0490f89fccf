"""Results that threads prepare before they are asked for, in the order of their items."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["Prefetcher"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Prefetcher(Generic[Item, Result]):
    """An iterator over `make(item)` of every item; an error of `make` is raised in place of its result.

    Args:
        make: called from several threads.
        items: in the order of the results; may be endless.
        workers: how many threads prepare results; 0 makes each result when it is asked for.
        most: how many results may be ready or in preparation; None: two a worker.

    Attributes:
        waited: seconds that the reader has waited for results.
    """

    def __init__(
        self, make: Callable[[Item], Result], items: Iterable[Item], workers: int = 2, most: int | None = None
    ) -> None:
        self.waited = 0.0
        self._make, self._items = make, iter(items)
        self._most = 2 * workers if most is None else most
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch") if workers else None
        self._futures: deque[Future[Result]] = deque()

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        start = time.perf_counter()
        result = self._make(next(self._items)) if self._pool is None else self._from_pool(self._pool)
        self.waited += time.perf_counter() - start
        return result

    def close(self) -> None:
        """Stop the threads; results that were not asked for are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _from_pool(self, pool: ThreadPoolExecutor) -> Result:
        for item in itertools.islice(self._items, self._most + 1 - len(self._futures)):
            self._futures.append(pool.submit(self._make, item))
        if not self._futures:
            raise StopIteration
        return self._futures.popleft().result()
