"""P-IDS and U-IDS: a linear SVM fitted to the features of both sets and scored on the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import DataError, UsageError
from bench.metrics.cache.memory import TRUTH_MEMORY, digest
from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["discriminative_scores", "of_sets"]

_FEWEST = 5000
"""Real and completed pictures together: above twice the 2048 features of Inception."""


def discriminative_scores(
    features_real: Features, features_fake: Features, allow_few: bool = False
) -> tuple[float, float]:
    """See `bench.metrics.ids`."""
    real, fake = check_feature_sets(features_real, features_fake, ("features_real", "features_fake"))
    _check_counts(len(real), len(fake), allow_few)
    real_side, fake_side = _decisions(real, fake)
    wrong = np.count_nonzero(real_side <= 0) + np.count_nonzero(fake_side > 0)
    return float(np.mean(fake_side > real_side)), float(wrong / (len(real) + len(fake)))


def of_sets(real: FeatureArray, fake: FeatureArray, *, paired: bool) -> tuple[float, None]:
    """See `bench.metrics.ids`, in %; raises UsageError for too few pictures, and DataError."""
    key = ("ids", digest(real), digest(fake))
    both = TRUTH_MEMORY.get(key, lambda: np.array(discriminative_scores(real, fake)))  # one SVM for both scores
    return 100 * float(both[0 if paired else 1]), None


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
