"""Distances between sets of pictures as columns: of features of the truth and of completed pictures, row by row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.metrics.frechet import fid
from bench.metrics.kept import KEPT, digest
from bench.metrics.kernel_distance import kid
from bench.metrics.separability import ids

__all__ = ["fid_of_sets", "ids_of_sets", "kid_of_sets"]

Features = npt.NDArray[np.float32]


def fid_of_sets(real: Features, fake: Features) -> tuple[float, None]:
    """See `bench.metrics.fid`; raises DataError for sets that have no distance."""
    return fid(real, fake), None


def kid_of_sets(real: Features, fake: Features) -> tuple[float, float]:
    """See `bench.metrics.kid`: the value and its standard error; raises DataError for sets that have no distance."""
    return kid(real, fake)


def ids_of_sets(real: Features, fake: Features, *, paired: bool) -> tuple[float, None]:
    """See `bench.metrics.ids`, in %; raises UsageError for too few pictures, and DataError."""
    both = KEPT.get(("ids", digest(real), digest(fake)), lambda: np.array(ids(real, fake)))  # one SVM for both scores
    return 100 * float(both[0 if paired else 1]), None
