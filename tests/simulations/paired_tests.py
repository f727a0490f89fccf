"""How often paired tests reject at 5 %, without and with a difference: `python -m tests.simulations.paired_tests`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from bench.statistics import ClusterSums, cluster_sums, sign_flip_p, standard_errors, wilcoxon_p
from tests.simulations.samples import SHAPES, Floats, fills, print_table

PICTURES = (5, 12, 50, 200)
EFFECT = 2.8
"""True difference in standard errors: what a z-test finds with a power of 80 %."""


def rejected(p: Floats) -> str:
    """Share of p-values at or below 5 %."""
    return f"{100 * (p <= 0.05).mean():.1f}"


def student_p(columns: ClusterSums) -> Floats:
    """Two-sided p-values of the t-test over clusters."""
    t = columns.means() / standard_errors(columns)
    return np.asarray(2 * stats.t.sf(np.abs(t), columns.count - 1))


def row(name: str, pictures: int, columns: ClusterSums, shifted: ClusterSums) -> tuple[object, ...]:
    """Level and power of the three tests."""
    tests = (sign_flip_p, wilcoxon_p, student_p)
    return name, pictures, *(f"{rejected(test(columns))} / {rejected(test(shifted))}" for test in tests)


def rows(repeats: int = 2000) -> Iterator[tuple[object, ...]]:
    """A row a distribution and number of pictures."""
    for pictures in PICTURES:
        shift = EFFECT / np.sqrt(pictures)
        for name, draw in SHAPES.items():
            values = draw(np.random.default_rng(pictures), (pictures, repeats))
            yield row(name, pictures, cluster_sums(values), cluster_sums(values + shift))
        values, clusters = fills(np.random.default_rng(pictures), pictures, repeats)
        yield row("4 fills a picture", pictures, cluster_sums(values, clusters), cluster_sums(values + shift, clusters))


if __name__ == "__main__":
    print_table(("differences", "pictures", "sign flips", "Wilcoxon", "t-test"), rows())
