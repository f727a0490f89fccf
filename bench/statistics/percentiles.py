"""How surely a sample shows that a percentile lies below a limit: the binomial test, without a model of the values."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["CONFIDENCE", "allowed_above", "least_values", "percentile_bound"]

CONFIDENCE = 0.99
"""One-sided confidence of statements about percentiles; MLPerf Inference's early stopping has the same."""


def least_values(percent: float, confidence: float = CONFIDENCE) -> int:
    """The fewest values that can bound a percentile: with `n` of them, all below the limit, p^n <= 1 - confidence.

    459 for the 99th percentile and 44 for the 90th, at a confidence of 0.99.
    """
    return math.ceil(math.log(1 - confidence) / math.log(percent / 100))


def allowed_above(n: int, percent: float, confidence: float = CONFIDENCE) -> int:
    """How many of `n` values may lie above a limit for the percentile to be below it with this confidence.

    The largest t for which a binomial number of n draws at a probability of 1 - percent / 100 is t or less with a
    probability of at most 1 - confidence; -1 where `n` is too small. The values count as independent.
    """
    from scipy.special import bdtr

    share = 1 - percent / 100
    low, high = -1, max(0, math.floor(n * share))
    while low < high:  # the probability grows with t
        middle = (low + high + 1) // 2
        if middle < n and bdtr(float(middle), n, share) <= 1 - confidence:
            low = middle
        else:
            high = middle - 1
    return low


def percentile_bound(
    values: Sequence[float], percent: float, confidence: float = CONFIDENCE, *, planned: int | None = None
) -> float:
    """The smallest of the values that the percentile lies at or below with this confidence; infinite with too few.

    Args:
        values: in any order.
        percent: between 0 and 100.
        confidence: one-sided.
        planned: how many values there would have been; the result is then a lower limit of their bound.
    """
    above = allowed_above(planned or len(values), percent, confidence)
    return math.inf if not 0 <= above < len(values) else float(sorted(values)[len(values) - 1 - above])
