"""Which pictures of a cell are its cases: the worst and the best by one metric."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest

__all__ = ["CASES", "worst_and_best"]

CASES = 2
"""How many of the worst and how many of the best pictures of a cell a run keeps."""

Costs = list[tuple[float, str]]


def worst_and_best(costs: Iterable[tuple[float, str]]) -> tuple[Costs, Costs]:
    """Up to CASES pairs from each end of (cost, sample id): the dearest first, and the cheapest first; ties by id.

    Args:
        costs: less is better; none may be NaN.
    """
    every = list(costs)
    return nsmallest(CASES, every, key=lambda pair: (-pair[0], pair[1])), nsmallest(CASES, every)
