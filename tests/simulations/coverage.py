"""How often 95 % intervals hold the true mean: `python -m tests.simulations.coverage`.

Beside the interval of this package: the plain percentile bootstrap, Student's interval, and the interval of this
package when the fills of a picture are taken for independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import special, stats

from bench.statistics import ClusterSums, cluster_intervals, cluster_sums, standard_errors
from tests.simulations.samples import SHAPES, Floats, fills, print_table

PICTURES = (5, 12, 50, 200)


def percentile_level(pictures: int) -> float:
    """The level at which the expanded interval is the plain percentile interval of 95 %."""
    factor = math.sqrt((pictures - 1) / pictures)
    return float(2 * special.stdtr(pictures - 1, stats.norm.ppf(0.975) * factor) - 1)


def covered(ends: tuple[Floats, Floats]) -> str:
    """Share of intervals that hold 0."""
    low, high = ends
    return f"{100 * ((low <= 0) & (high >= 0)).mean():.1f}"


def student(columns: ClusterSums) -> tuple[Floats, Floats]:
    """Mean plus and minus Student's quantile of the cluster-robust standard error."""
    width = stats.t.ppf(0.975, columns.count - 1) * standard_errors(columns)
    return columns.means() - width, columns.means() + width


def rows(repeats: int = 4000) -> Iterator[tuple[object, ...]]:
    """A row a distribution and number of pictures."""
    for pictures in PICTURES:
        for name, draw in SHAPES.items():
            columns = cluster_sums(draw(np.random.default_rng(pictures), (pictures, repeats)))
            plain = covered(cluster_intervals(columns, level=percentile_level(pictures)))
            yield name, pictures, covered(cluster_intervals(columns)), plain, covered(student(columns)), ""
        values, clusters = fills(np.random.default_rng(pictures), pictures, repeats)
        columns = cluster_sums(values, clusters)
        plain = covered(cluster_intervals(columns, level=percentile_level(pictures)))
        ignored = covered(cluster_intervals(cluster_sums(values)))
        yield (
            "4 fills a picture",
            pictures,
            covered(cluster_intervals(columns)),
            plain,
            covered(student(columns)),
            ignored,
        )


if __name__ == "__main__":
    print_table(("values", "pictures", "this package", "plain percentile", "Student", "clusters ignored"), rows())
