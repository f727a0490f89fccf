"""What is found with as many pictures as `power` asks for: `python -m tests.simulations.power`.

Differences of pictures are normal with standard deviation 1. The share is that of fresh samples in which the sign-flip
test finds the difference, as the first step of Holm's procedure.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.statistics import cluster_sums, min_pictures, sign_flip_p
from bench.statistics.power import normal_draw, pictures_needed, significant
from tests.simulations.samples import print_table

EFFECTS = (4.0, 1.0, 0.5, 0.3)
TESTS = (1, 28, 280)
SAMPLES = 1000


def found(pictures: int, effect: float, tests: int) -> float:
    """Share of fresh samples in which the test finds the difference."""
    samples = np.random.default_rng([pictures, tests]).normal(effect, 1.0, (pictures, SAMPLES))
    return float((sign_flip_p(cluster_sums(samples)) * tests <= 0.05).mean())


def rows() -> Iterator[tuple[object, ...]]:
    """A row an expected difference and a family."""
    for effect in EFFECTS:
        for tests in TESTS:
            needed = pictures_needed(normal_draw(effect, 1.0), significant(tests, 0.05))
            shares = (f"{100 * found(n, effect, tests):.1f}" for n in (needed or 0, (needed or 0) // 2) if n > 1)
            yield f"{effect:.1f}", tests, min_pictures(tests), needed, *shares


if __name__ == "__main__":
    columns = ("difference", "tests", "fewest", "pictures needed", "found with them", "found with half of them")
    print_table(columns, rows())
