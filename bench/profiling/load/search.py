"""The search for the highest rate that is held: halving from the top, bisection, and trials by other arrivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.records.load import LoadPurpose

__all__ = ["Held", "SearchRule", "confirm_rate", "search_rate"]

Held = Callable[[float, int, LoadPurpose], bool | None]
"""Makes a trial (rate, seed, purpose); whether the rate is held, or None to end the search."""


@dataclass(frozen=True)
class SearchRule:
    """How far a search goes.

    Attributes:
        precision: the search ends when the interval is so small a share of its upper end.
        halvings: so often is the rate halved while none is held.
        confirmations: trials by other arrivals at most; the rate falls by the precision twice, then twice by double ...
    """

    precision: float = 0.05
    halvings: int = 5
    confirmations: int = 10


def search_rate(held: Held, highest: float, seed: int, rule: SearchRule | None = None) -> float:
    """The highest rate below `highest` that is held, by one seed for all trials; 0 where none is.

    The seed is one because arrivals at a higher rate are then the same ones closer together: whatever waits at the
    lower rate waits at least as long at the higher one, and the answers of the trials do not contradict one another.
    """
    rule = rule or SearchRule()
    low, high = 0.0, highest
    for _ in range(rule.halvings):
        answer = held(high / 2, seed, "search")
        if answer is None:
            return low
        if answer:
            low = high / 2
            break
        high /= 2
    while low and high - low > rule.precision * high:
        middle = (low + high) / 2
        answer = held(middle, seed, "search")
        if answer is None:
            return low
        low, high = (middle, high) if answer else (low, middle)
    return low


def confirm_rate(held: Held, rate: float, seed: int, rule: SearchRule | None = None) -> float:
    """The first of ten falling rates that is held by arrivals of other seeds, from `seed` on; 0 where none is."""
    rule = rule or SearchRule()
    for attempt in range(rule.confirmations if rate else 0):
        answer = held(rate, seed + attempt, "confirm")
        if answer is None:
            return 0.0
        if answer:
            return rate
        rate *= 1 - rule.precision * (1 + attempt // 2)
    return 0.0
