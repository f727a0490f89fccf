"""Precision, recall, density and coverage from balls around features, all from one pass over the pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bench.errors import UsageError
from bench.metrics.cache.memory import TRUTH_MEMORY, digest
from bench.metrics.distribution.backends.feature_sets import Floats, check_feature_sets
from bench.metrics.distribution.backends.neighbours import Balls, Counts, count_inside, squared_radii

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import FeatureArray, Features

__all__ = ["MANIFOLD_NEIGHBOURS", "SPHERE_NEIGHBOURS", "ManifoldScore", "manifold_score", "of_sets"]

ManifoldScore: TypeAlias = Literal["precision", "recall", "density", "coverage"]

MANIFOLD_NEIGHBOURS = 3
"""k of precision and recall (Kynkäänniemi et al., 2019)."""
SPHERE_NEIGHBOURS = 5
"""k of density and coverage (Naeem et al., 2020)."""

_BALLS: dict[ManifoldScore, tuple[Literal["first", "second"], bool]] = {
    "precision": ("first", True),
    "recall": ("second", True),
    "density": ("first", False),
    "coverage": ("first", False),
}
"""Where the balls are, of true (`first`) or of completed pictures (`second`), and whether they are closed."""

_SCORES: dict[ManifoldScore, Callable[[Counts, Counts, int], float]] = {
    "precision": lambda _, by_fake, __: float(np.mean(by_fake > 0)),
    "recall": lambda by_real, _, __: float(np.mean(by_real > 0)),
    "density": lambda _, by_fake, k: float(np.mean(by_fake)) / k,
    "coverage": lambda by_real, _, __: float(np.mean(by_real > 0)),
}


def manifold_score(score: ManifoldScore, features_real: Features, features_fake: Features, k: int) -> float:
    """See `bench.metrics.precision` and those beside it."""
    if k < 1:
        raise UsageError(f"k of {score}", "be at least 1", str(k), "Give another k.")
    names = ("features_real", "features_fake")
    real, fake = _scaled(*check_feature_sets(features_real, features_fake, names, least=k + 1))
    return _scores(real, fake, {score: k})[score]


def of_sets(real: FeatureArray, fake: FeatureArray, *, score: ManifoldScore) -> tuple[float, None]:
    """One of them as a metric of sets; all four are taken at once and kept, and so are radii of the true pictures.

    Raises DataError for sets without them: such as fewer pictures than one and k.
    """
    names, least = ("features of untouched pictures", "features of completed pictures"), SPHERE_NEIGHBOURS + 1
    ks = {name: MANIFOLD_NEIGHBOURS if closed else SPHERE_NEIGHBOURS for name, (_, closed) in _BALLS.items()}

    def take() -> Floats:
        scores = _scores(*_scaled(*check_feature_sets(real, fake, names, least)), ks)
        return np.array([scores[name] for name in _BALLS])

    values = TRUTH_MEMORY.get(("manifold", digest(real), digest(fake)), take)
    return float(values[list(_BALLS).index(score)]), None


def _scores(real: Floats, fake: Floats, ks: dict[ManifoldScore, int]) -> dict[ManifoldScore, float]:
    wanted: dict[Literal["first", "second"], list[int]] = {"first": [], "second": []}
    for score, k in ks.items():
        wanted[_BALLS[score][0]].append(k)
    radii = {
        "first": _radii_of_truth(real, tuple(sorted(set(wanted["first"])))),
        "second": _radii(fake, tuple(sorted(set(wanted["second"])))),
    }
    kinds = {(*_BALLS[score], k): None for score, k in ks.items()}
    found = count_inside(real, fake, [Balls(around, radii[around][k], closed) for around, closed, k in kinds])
    counts = dict(zip(kinds, found, strict=True))
    return {score: _SCORES[score](*counts[(*_BALLS[score], k)], k) for score, k in ks.items()}


def _radii_of_truth(real: Floats, ks: tuple[int, ...]) -> dict[int, Floats]:
    key = ("radii", digest(real), ks)
    return dict(zip(ks, TRUTH_MEMORY.get(key, lambda: squared_radii(real, ks)), strict=True)) if ks else {}


def _radii(features: Floats, ks: tuple[int, ...]) -> dict[int, Floats]:
    return dict(zip(ks, squared_radii(features, ks), strict=True)) if ks else {}


def _scaled(real: Floats, fake: Floats) -> tuple[Floats, Floats]:
    """Both sets divided by one power of two, which changes no score: no square overflows then."""
    largest = max(float(np.abs(real).max()), float(np.abs(fake).max()))
    scale = 0.5 ** int(np.frexp(largest)[1])
    return real * scale, fake * scale
