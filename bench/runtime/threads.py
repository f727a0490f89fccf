"""Spreading compiled work over threads.

Torch's own operations are avoided around this work: its OpenMP threads spin after each operation, and on a busy machine
that costs many times the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["as_array", "elementwise", "for_each", "stack_masks"]

Task = TypeVar("Task")


def for_each(work: Callable[[Task], None], tasks: Sequence[Task]) -> None:
    """Do every task on up to `torch.get_num_threads()` threads; `work` must release the GIL to gain from it.

    The threads live for one call, so forked workers and callers on several threads are safe.
    """
    threads = min(torch.get_num_threads(), len(tasks))
    if threads <= 1:
        for task in tasks:
            work(task)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, tasks))  # raises what a task raised


def as_array(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """The memory of a CPU tensor as an array in C order, copied only when it lies otherwise."""
    return np.ascontiguousarray(tensor.numpy())


def stack_masks(masks: Sequence[torch.Tensor]) -> npt.NDArray[np.bool_]:
    """R masks [N, 1, H, W] on the CPU as one array [N, R, H, W] in C order."""
    return np.ascontiguousarray(np.concatenate([mask.numpy() for mask in masks], axis=1))


def elementwise(name: Literal["logical_and", "logical_not", "where"], *tensors: torch.Tensor) -> torch.Tensor:
    """The function of that name: NumPy's for tensors on the CPU (one thread), torch's on other devices."""
    if tensors[0].device.type == "cpu":
        return torch.from_numpy(getattr(np, name)(*(tensor.numpy() for tensor in tensors)))
    result: torch.Tensor = getattr(torch, name)(*tensors)
    return result
