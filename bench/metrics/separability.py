"""P-IDS and U-IDS from stored features (Zhao et al., 2021, "Large scale image completion via co-modulated GANs").

Reference: scikit-learn `LinearSVC(dual=False)`, fitted and scored on the same features; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import DataError, UsageError
from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["ids"]

_FEWEST = 5000
"""Real and completed pictures together: above twice the 2048 features of Inception."""


def ids(features_real: Features, features_fake: Features, allow_few: bool = False) -> tuple[float, float]:
    """Paired and unpaired inception discriminative score: how often a linear SVM takes a completed picture for real.

    The SVM is fitted to both sets and scored on the same ones, so with few pictures it separates anything: points in
    general position mostly can be, up to twice as many as they have features (Cover, 1965), and score 0 whatever the
    model. Hence the least 2N. Nothing is random, and the order of the pairs does not matter beyond the solver's
    tolerance.

    Args:
        features_real: float [N, D], a tensor or an array; row i is the true picture of the pair i.
        features_fake: float [N, D], row i of the same picture completed.
        allow_few: score fewer than 5000 pictures all the same; such values mean nothing beside published ones.

    Returns:
        P-IDS, the share of pairs whose completed picture looks more real to the SVM than the true one, and U-IDS, the
        share of all pictures on the wrong side; both 0 to 0.5 or a little above, higher is better.

    Raises:
        DataError: an argument is not what it must be, holds constant features, or the sets are not paired.
        UsageError: fewer than 5000 pictures in both sets together.
    """
    real, fake = check_feature_sets(features_real, features_fake, ("features_real", "features_fake"))
    _check_counts(len(real), len(fake), allow_few)
    real_side, fake_side = _decisions(real, fake)
    wrong = np.count_nonzero(real_side <= 0) + np.count_nonzero(fake_side > 0)
    return float(np.mean(fake_side > real_side)), float(wrong / (len(real) + len(fake)))


def _decisions(real: Floats, fake: Floats) -> tuple[Floats, ...]:
    """Signed distances [N] of both sets to the SVM's plane, positive on the real side."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(dual=False)
    machine.fit(np.concatenate([real, fake]), np.repeat([1, 0], len(real)))
    return machine.decision_function(real), machine.decision_function(fake)


def _check_counts(real: int, fake: int, allow_few: bool) -> None:
    if real != fake:
        raise DataError("features_fake", f"have a row for each of the {real} true pictures", str(fake), "Pair them.")
    if 2 * real < _FEWEST and not allow_few:
        fix = "Score more pictures, or report KID; allow_few=True computes it all the same."
        raise UsageError("ids", f"have at least {_FEWEST} pictures in both sets together", f"2N = {2 * real}", fix)
