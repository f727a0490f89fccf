"""IDS as a metric of sets: of features of the truth and of completed pictures, row by row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.metrics.kept import KEPT, digest
from bench.metrics.separability import ids

__all__ = ["ids_of_sets"]

Features = npt.NDArray[np.float32]


def ids_of_sets(real: Features, fake: Features, *, paired: bool) -> tuple[float, None]:
    """See `bench.metrics.ids`, in %; raises UsageError for too few pictures, and DataError."""
    both = KEPT.get(("ids", digest(real), digest(fake)), lambda: np.array(ids(real, fake)))  # one SVM for both scores
    return 100 * float(both[0 if paired else 1]), None
