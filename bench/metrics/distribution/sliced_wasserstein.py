"""Sliced Wasserstein distance of stored features, in the unit of MIND (Berthet et al., 2026, "MIND: Monge Inception
distance for generative models evaluation", arXiv:2605.06797).

Reference: on each direction, the cheapest assignment by `scipy.optimize.linear_sum_assignment`; relative 1e-9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import FewPictures, MetricDefinition
from bench.metrics.distribution.feature_kinds import FEATURE_KINDS

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "sliced_wasserstein"]

_DIRECTIONS, _SEED = 1000, 0

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"sliced-wasserstein{features.suffix}",
        title=f"Sliced Wasserstein{features.title}",
        unit="",
        higher_is_better=False,
        summary=f"sliced Wasserstein distance between {features.words} features of all pictures, as MIND",
        definition=(
            f"Berthet et al., 2026 (MIND): the {features.words} features of both sets are projected on {_DIRECTIONS:,} "
            "random directions, the projections sorted, and their squared differences averaged over pictures and "
            "directions: the squared Wasserstein-2 distance along a line. Times 3 D, as the paper scales it, with "
            f"D = {features.count:,} features: features that all move by a vector t score about 3 |t|². The directions "
            "are the same in every run."
        ),
        value_range="0 to ∞; 0 for equal sets within rounding",
        reference="the cheapest assignment along the same directions by SciPy, relative",
        reference_tolerance=1e-9,
        blind_to=(
            "Biased upwards, the more the fewer pictures, though far less than FID. Whether a fill belongs to its own "
            "picture. Other directions move it by about 1 %."
        ),
        implementation="bench.metrics.distribution.backends.slices:of_sets",
        order=205 + features.after,
        regions=("full",),
        parameters=(
            *features.parameters,
            ("power", "2"),
            ("scale", "3D"),
            ("directions", str(_DIRECTIONS)),
            ("seed", str(_SEED)),
        ),
        options=(("directions", _DIRECTIONS), ("seed", _SEED)),
        relative_tolerance=1e-3,
        aggregate="set",
        features=features.kind,
        resampling="half-samples",
        draws="bench.metrics.distribution.backends.slices:of_draws",
        few=FewPictures(1000, "the 1,000 that the paper calls informative: compare it at the same N only"),
        needs=features.needs,
    )
    for features in FEATURE_KINDS
)


def sliced_wasserstein(
    features_a: Features, features_b: Features, directions: int = _DIRECTIONS, seed: int = _SEED
) -> float:
    """Mean squared Wasserstein-2 distance of both sets along random directions, times 3 D: MIND.

    Symmetric, at least 0, and 0 for equal sets within rounding. Directions are drawn from raw words of Philox, the
    same on every machine. Sets of different sizes are compared whole, through their quantiles.

    Args:
        features_a: float [N, D], a tensor or an array, N >= 2; one row a picture, in any order.
        features_b: float [M, D], M >= 2, on the same device.
        directions: how many, at least 1.
        seed: key of the random stream, 0 or more.

    Returns:
        The distance in squared units of the features.

    Raises:
        DataError: an argument is not what it must be, or holds constant features.
        UsageError: no direction, or a negative seed.
    """
    from bench.metrics.distribution.backends.slices import sliced_distance

    return sliced_distance(features_a, features_b, directions, seed)
