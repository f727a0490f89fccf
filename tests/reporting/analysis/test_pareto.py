from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from bench.reporting.analysis.pareto import pareto_front

coordinates = st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan])


@given(st.lists(st.tuples(coordinates, coordinates), max_size=8))
def test_the_front_is_what_no_other_point_dominates(points: list[tuple[float, float]]) -> None:
    def dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one[0] <= other[0] and one[1] >= other[1] and one != other

    known = [place for place, point in enumerate(points) if not any(map(math.isnan, point))]
    best = [place for place in known if not any(dominates(points[other], points[place]) for other in known)]

    found = pareto_front([cost for cost, _ in points], [gain for _, gain in points])

    assert sorted(found) == best
    assert [points[place][0] for place in found] == sorted(points[place][0] for place in found)
