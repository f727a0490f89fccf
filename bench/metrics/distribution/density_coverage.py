"""Density and coverage of stored features (Naeem et al., 2020, "Reliable fidelity and diversity metrics for generative
models").

Reference: the paper's formulas from all distances by NumPy; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import FewPictures, MetricDefinition
from bench.metrics.distribution.feature_kinds import FEATURE_KINDS

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "coverage", "density"]

_K = 5

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"{name}{features.suffix}",
        title=f"{name.capitalize()}{features.title}",
        unit="",
        higher_is_better=True,
        summary=f"{summary}, in {features.words} features",
        definition=(
            f"Naeem et al., 2020: a ball around the {features.words} features of every untouched picture reaches to "
            f"its {_K}th nearest neighbour among the untouched ones; {formula}. Its surface is outside, as in the "
            f"authors' code; of a picture that stands more than {_K} times the ball is that picture alone. Fewer than "
            f"{_K + 1} pictures are refused."
        ),
        value_range=value_range,
        reference="the formula from all distances by NumPy",
        reference_tolerance=1e-9,
        blind_to=(
            f"{blind} The truth of every fill is among the untouched pictures, so it is nearly that of equal sets for "
            "small holes. It depends on N, and half of the pictures have larger balls, so it has no interval."
        ),
        implementation="bench.metrics.distribution.backends.manifold:of_sets",
        order=232 + place + features.after,
        regions=("full",),
        parameters=(*features.parameters, ("k", str(_K)), ("balls", "untouched,open")),
        options=(("score", name),),
        tolerance=1e-3,
        aggregate="set",
        features=features.kind,
        few=FewPictures(10_000, "the 10,000 of the paper: compare it at the same N only"),
        needs=features.needs,
    )
    for features in FEATURE_KINDS
    for place, (name, summary, formula, value_range, blind) in enumerate(
        (
            (
                "density",
                "how densely completed pictures lie among untouched ones",
                f"in how many balls a completed picture lies on average, divided by {_K}",
                "0 to N / 5; 1 for equal sets, about 1 for samples of one distribution",
                "Fills that are all alike and typical score above 1.",
            ),
            (
                "coverage",
                "share of untouched pictures with a completed one near them",
                "the share of balls that hold a completed picture",
                "0 to 1",
                "How many fills crowd elsewhere.",
            ),
        )
    )
)


def density(features_real: Features, features_fake: Features, k: int = _K) -> float:
    """In how many balls around true pictures a completed one lies on average, divided by k.

    A ball reaches to its picture's k-th nearest true one, exclusive. Distances are compared exactly, in float64. Of a
    picture that stands more than k times the radius is 0, and equal pictures lie inside all the same; the authors' code
    finds that ball empty.

    Args:
        features_real: float [N, D], a tensor or an array, N > k; one row a picture, in any order.
        features_fake: float [M, D], M > k, on the same device.
        k: which neighbour, at least 1.

    Returns:
        0 to N / k; 1 for equal sets without ties. It depends on N and M: print them beside it.

    Raises:
        DataError: an argument is not what it must be, has too few rows, or holds constant features.
        UsageError: k below 1.
    """
    from bench.metrics.distribution.backends.manifold import manifold_score

    return manifold_score("density", features_real, features_fake, k)


def coverage(features_real: Features, features_fake: Features, k: int = _K) -> float:
    """Share of true pictures in whose ball a completed one lies: 0 to 1, and 1 for equal sets.

    Balls, arguments and errors are those of `density`.
    """
    from bench.metrics.distribution.backends.manifold import manifold_score

    return manifold_score("coverage", features_real, features_fake, k)
