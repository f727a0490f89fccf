"""Precision and recall of stored features (Kynkäänniemi et al., 2019, "Improved precision and recall metric for
assessing generative models").

Reference: torch-fidelity's precision and recall of the same features, and all distances by NumPy; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import FewPictures, MetricDefinition
from bench.metrics.distribution.feature_kinds import FEATURE_KINDS

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "precision", "recall"]

_K = 3
_MOVES = (
    "It depends on N, and half of the pictures have larger balls, so it has no interval. Which picture a fill belongs "
    "to, and how good it is beyond in or out."
)

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"{name}{features.suffix}",
        title=f"{name.capitalize()}{features.title}",
        unit="",
        higher_is_better=True,
        summary=f"share of {points} pictures whose {features.words} features lie among those of {centres} ones",
        definition=(
            f"Kynkäänniemi et al., 2019: a ball around the {features.words} features of every {one} picture reaches to "
            f"its {_K}rd nearest neighbour among the {centres} ones; the share of {points} pictures in at least one "
            "ball, its surface included. A run refuses fewer than 6 pictures, for density and coverage are taken "
            "with it."
        ),
        value_range="0 to 1",
        reference="torch-fidelity's precision and recall of the same features; all distances by NumPy",
        reference_tolerance=1e-9,
        blind_to=f"{blind} {_MOVES}",
        implementation="bench.metrics.distribution.backends.manifold:of_sets",
        order=230 + place + features.after,
        regions=("full",),
        parameters=(*features.parameters, ("k", str(_K)), ("balls", f"{one},closed")),
        options=(("score", name),),
        tolerance=1e-3,
        aggregate="set",
        features=features.kind,
        few=FewPictures(50_000, "the 50,000 of the paper: compare it at the same N only"),
        needs=features.needs,
    )
    for features in FEATURE_KINDS
    for place, (name, points, centres, one, blind) in enumerate(
        (
            (
                "precision",
                "completed",
                "untouched",
                "untouched",
                "The truth of every fill is among the untouched pictures, so fills near their own truth are inside: it "
                "is nearly 1 for small holes. One outlier among the untouched pictures has a ball that holds much.",
            ),
            (
                "recall",
                "untouched",
                "completed",
                "completed",
                "A single bad fill far from all others has a ball so large that it holds many untouched pictures.",
            ),
        )
    )
)


def precision(features_real: Features, features_fake: Features, k: int = _K) -> float:
    """Share of completed pictures that lie in a ball around a true one, which reaches to its k-th nearest true one.

    Distances are compared exactly, in float64: ties are inside, a row that stands twice is its own neighbour at 0.
    Symmetric to `recall`: `recall(a, b)` is `precision(b, a)`.

    Args:
        features_real: float [N, D], a tensor or an array, N > k; one row a picture, in any order.
        features_fake: float [M, D], M > k, on the same device.
        k: which neighbour, at least 1.

    Returns:
        0 to 1. It depends on N and M: print them beside it.

    Raises:
        DataError: an argument is not what it must be, has too few rows, or holds constant features.
        UsageError: k below 1.
    """
    from bench.metrics.distribution.backends.manifold import manifold_score

    return manifold_score("precision", features_real, features_fake, k)


def recall(features_real: Features, features_fake: Features, k: int = _K) -> float:
    """Share of true pictures that lie in a ball around a completed one, up to its k-th nearest completed one.

    Arguments, result and errors are those of `precision`.
    """
    from bench.metrics.distribution.backends.manifold import manifold_score

    return manifold_score("recall", features_real, features_fake, k)
