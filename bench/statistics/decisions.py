"""From p-values and errors to decisions: Holm's correction, sign tests, and how many pictures a decision takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["detectable_effect", "holm", "n_needed", "sign_test_p"]


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


def detectable_effect(standard_error: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """The true difference that a two-sided test at `1 - level` finds with probability `power`, in the metric's unit."""
    return _factor(1 - level, power) * standard_error


def n_needed(
    n: int, standard_error: float, effect: float, *, level: float = 0.95, power: float = 0.8, tests: int = 1
) -> int | None:
    """How many pictures it takes to tell `effect` from 0, given the error of a mean over `n` pictures.

    Args:
        n: independent pictures behind `standard_error`.
        standard_error: of the mean.
        effect: the true difference.
        level, power: as of `detectable_effect`.
        tests: tests among which the level is shared out (Bonferroni, the worst case of Holm).

    Returns:
        At least n + 1, since `n` pictures did not do; None when no number would.
    """
    if effect == 0:
        return None
    factor = _factor((1 - level) / tests, power)
    return max(n + 1, math.ceil(n * (factor * standard_error / effect) ** 2))


def _factor(alpha: float, power: float) -> float:
    return NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
