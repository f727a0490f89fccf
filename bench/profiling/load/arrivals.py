"""When queries arrive: drawn before a trial begins, so that nothing that happens in the trial changes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["picture_choice", "poisson_arrivals"]


def poisson_arrivals(rate: float, queries: int, seed: int) -> NDArray[np.float64]:
    """Arrivals of a Poisson process in seconds from the start of a trial, float64 [queries], rising.

    The gaps are exponential with a mean of 1 / rate (NumPy's Philox stream of the seed). Two rates with one seed have
    the same arrivals on two scales of time.
    """
    gaps = np.random.Generator(np.random.Philox(seed)).exponential(1.0, queries)
    return np.asarray(np.cumsum(gaps) / rate, dtype=np.float64)


def picture_choice(pictures: int, queries: int, seed: int) -> NDArray[np.int64]:
    """Which picture each query shows, int64 [queries]: uniformly with replacement, as MLPerf's LoadGen draws them."""
    return np.random.Generator(np.random.Philox([seed, 1])).integers(0, pictures, queries)
