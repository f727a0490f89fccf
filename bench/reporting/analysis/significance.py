"""Which rows of a group are significantly worse than the best one: paired tests over pictures, corrected over a group.

The best row is found in the same data as the differences from it are, so that a correction over the tests that are made
would be too weak: of 20 equal models one would be called worse in every fifth column. The family is therefore all pairs
of rows, as if each had been tested (Hsu, "Multiple comparisons", 1996, chapter 4, on comparisons with the best).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.reporting.analysis.values import Floats
from bench.statistics import cluster_sums, holm, min_pictures, sign_flip_p, sign_test_p

__all__ = ["LEVEL", "significantly_worse"]

LEVEL = 0.05
"""Corrected p-values at or below it are significant."""


def significantly_worse(gains: Floats, pictures: Sequence[str], family: int) -> list[bool | None]:
    """Test K rows against the best row of their column.

    A sign-flip test of the mean over source pictures; where no pair of values is finite, of a metric without a cap, a
    sign test over the pictures that only one side got exactly right. Corrected by Holm's procedure.

    Args:
        gains: by how much the best row is better, float64 [K, N]; NaN where there is no pair, infinite where one side
            is exact and the other one is not.
        pictures: what each of the N samples was cut from.
        family: number of tests to correct for, K or more; those that were not made count as not significant.

    Returns:
        For each row whether it is significantly worse than the best; None where the test cannot be made, since fewer
        than `min_pictures(family)` pictures are in common.
    """
    if not gains.size:
        return [None] * len(gains)
    finite = cluster_sums(np.where(np.isfinite(gains), gains, np.nan).T, pictures)
    used, p, mean = finite.used(), sign_flip_p(finite), finite.means()
    wins, losses = np.isposinf(gains).sum(axis=1), np.isneginf(gains).sum(axis=1)
    exact = used == 0
    pairs = np.where(exact, wins + losses, used)
    better = np.where(exact, wins - losses, np.where(np.isnan(mean), 0.0, mean)) > 0
    tested = np.flatnonzero(pairs >= min_pictures(family, LEVEL)).tolist()
    raw = [sign_test_p(int(wins[row]), int(losses[row])) if exact[row] else float(p[row]) for row in tested]
    verdicts: list[bool | None] = [None] * len(gains)
    corrected = holm([*raw, *[1.0] * (family - len(raw))])
    for row, p_holm in zip(tested, corrected, strict=False):
        verdicts[row] = bool(p_holm <= LEVEL and better[row])
    return verdicts
