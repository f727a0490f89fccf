"""Several networks at once, each on one thread: their results do not depend on the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_single_threaded"]

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_single_threaded(work: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """`work(task)` of all tasks, without gradients: up to `torch.get_num_threads()` at once, each on one thread."""
    import torch

    def run(task: Task) -> Result:
        with torch.no_grad():  # holds for the thread that enters it
            return work(task)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that start from here on have it too
    try:
        with ThreadPoolExecutor(min(threads, max(len(tasks), 1))) as pool:
            return list(pool.map(run, tasks))
    finally:
        torch.set_num_threads(threads)
