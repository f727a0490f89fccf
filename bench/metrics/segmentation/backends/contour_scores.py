"""Scores of one class from the squared distances between two contours, int64 in each direction."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bench.metrics.segmentation.backends.distances import FAR

__all__ = ["f_score", "mean_distance", "percentile_95"]

Squared = npt.NDArray[np.int64]


def f_score(recalled: Squared, answered: Squared) -> float:
    """Harmonic mean of recall and precision: the shares of both contours' points that are not FAR from the other.

    A contour without points has the share 1, since it has no wrong one; NaN if that is true of both.
    """
    if not recalled.size and not answered.size:
        return math.nan
    recall, precision = ((side < FAR).mean() if side.size else 1.0 for side in (recalled, answered))
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def percentile_95(forth: Squared, back: Squared) -> float:
    """The greater of the directed 95th percentiles, interpolated as `numpy.percentile` does; NaN without any point."""
    return max((_percentile(side, 0.95) for side in (forth, back) if side.size), default=math.nan)


def mean_distance(forth: Squared, back: Squared) -> float:
    """The mean of the directed mean distances; NaN without any point. Sums are exactly rounded: no order matters."""
    means = [
        math.fsum(np.sqrt(side).tolist()) / side.size if side.max() < FAR else math.inf
        for side in (forth, back)
        if side.size
    ]
    return math.fsum(means) / len(means) if means else math.nan


def _percentile(squared: Squared, share: float) -> float:
    position = share * (squared.size - 1)
    below = math.floor(position)
    above = min(below + 1, squared.size - 1)
    ranked = np.partition(squared, (below, above))
    if ranked[above] == FAR:
        return math.inf
    low, high = math.sqrt(ranked[below]), math.sqrt(ranked[above])
    return low + (high - low) * (position - below)
