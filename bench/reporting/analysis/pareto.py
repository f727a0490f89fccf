"""Which models nobody beats in both quality and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["pareto_front"]


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """The Pareto front: the points that no other point dominates, cheapest first.

    A point dominates another that costs as much or more, gains as much or less, and is not equal to it in both.

    Args:
        costs: less is better; a point with a NaN in either is not in the front, nor dominates.
        gains: more is better.
    """
    known = [place for place in range(len(costs)) if not math.isnan(costs[place]) and not math.isnan(gains[place])]
    found: list[int] = []
    for place in sorted(known, key=lambda place: (costs[place], -gains[place], place)):
        last = found[-1] if found else None
        equal = last is not None and (costs[place], gains[place]) == (costs[last], gains[last])
        if last is None or gains[place] > gains[last] or equal:
            found.append(place)
    return found
