"""Features like those of a network, for tests of distances between sets of pictures."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def features(count: int, size: int, seed: int = 0, shift: float = 0.0) -> Floats:
    """Like those of a network: correlated, never negative, not around 0."""
    mix = np.random.default_rng(99).normal(size=(size, size)) / math.sqrt(size)
    return np.maximum(np.random.default_rng(seed).normal(size=(count, size)) @ mix + 0.4 + shift, 0)
