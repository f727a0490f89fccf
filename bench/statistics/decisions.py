"""From p-values and errors to decisions: Holm's correction, sign tests, and what a number of pictures can tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["detectable_effect", "holm", "min_pictures", "sign_test_p"]


def holm(p: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given: at most a share `a` of families has a false one at or below `a`.

    Holm, "A simple sequentially rejective multiple test procedure" (1979). A reference that a test holds it to:
    `statsmodels` gives 0.03, 0.06, 0.06, 0.02 for 0.01, 0.04, 0.03, 0.005.
    """
    corrected, worst = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        worst = max(worst, min(1.0, (len(p) - rank) * p[index]))
        corrected[index] = worst
    return corrected


def sign_test_p(wins: int, losses: int) -> float:
    """Two-sided exact binomial p of "wins and losses are equally likely"; 1 without any."""
    n, fewer = wins + losses, min(wins, losses)
    as_extreme = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * as_extreme / (1 << n))


def detectable_effect(standard_error: float, *, tests: int = 1, level: float = 0.05, power: float = 0.8) -> float:
    """The true difference that a two-sided test finds with probability `power`, in the metric's unit.

    Args:
        standard_error: of the mean.
        tests: tests among which the level is shared out (Bonferroni, the worst case of Holm).
        level: of all tests together.
        power: above 0, below 1.
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - level / tests / 2) + normal.inv_cdf(power)) * standard_error


def min_pictures(tests: int, level: float = 0.05) -> int:
    """Pictures below which no outcome of a sign-flip test can be significant among `tests` tests.

    Of n pictures the test gives at least 2 / 2**n, and the first step of Holm's procedure multiplies by the number of
    tests.
    """
    return math.ceil(math.log2(max(1, tests) / level)) + 1
