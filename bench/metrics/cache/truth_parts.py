"""Parts of a true label map, computed once for all models, protocols and runs: in memory, on disk, or else computed.

Stored are boundary bands, inner bands and contours of both kinds: each is read several times faster than it is found
(tests/benchmarks/test_truth_parts.py; figures in docs/reference/weights.md). Dense distance maps are never made,
because distances are searched from contour to contour. Scores of a judge's maps of untouched pictures depend on the
hole as well, and stay in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch

from bench.fingerprint import fingerprint_code
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.cache.memory import TRUTH_MEMORY

__all__ = ["compute_once"]

Array: TypeAlias = npt.NDArray[Any]
Part = TypeVar("Part")

_SOURCES = (
    "bench.metrics.boundary",
    "bench.metrics.segmentation.backends.contours",
    "bench.metrics.segmentation.backends.overlap",
)
"""What computes parts. Parts are whole numbers and truth values: no library's version or processor changes them."""


def compute_once(
    find: Callable[..., Part], restore: Callable[..., Part], labels: Array, content: bytes, *options: int
) -> Part:
    """`find(labels, *options)`; never change it.

    Args:
        find: a function of a module that this one knows; returns an array, or a tuple of them.
        restore: makes what `find` returns out of those arrays.
        labels: integers [H, W].
        content: `digest(labels)`.
        options: of `find`.
    """

    def look() -> Part:
        return _from_disk(find, restore, labels, content, options)

    return cast("Part", TRUTH_MEMORY.get((find.__name__, content, options), look))


def _from_disk(
    find: Callable[..., Part], restore: Callable[..., Part], labels: Array, content: bytes, options: tuple[int, ...]
) -> Part:
    disk = shared_cache().disk
    key = hashlib.sha256(f"{find.__name__}|{options}|{_code()}|{content.hex()}".encode()).hexdigest()
    stored = disk.read(key)
    if stored is not None:
        return restore(*(tensor.numpy() for tensor in stored))
    part = find(labels, *options)
    arrays = cast("tuple[Array, ...]", part if isinstance(part, tuple) else (part,))
    disk.write(key, tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))
    return part


@cache
def _code() -> str:
    return fingerprint_code(_SOURCES, (), {})
