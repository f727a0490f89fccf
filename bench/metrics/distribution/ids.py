"""P-IDS and U-IDS from stored features (Zhao et al., 2021, "Large scale image completion via co-modulated GANs").

Reference: scikit-learn `LinearSVC(dual=False)`, fitted and scored on the same features; equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.distribution.fid import NETWORK, RESIZE

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "ids"]

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"{name}-ids",
        title=f"{name.upper()}-IDS",
        unit="%",
        higher_is_better=True,
        summary=f"{kind} inception discriminative score: how often an SVM takes a completed picture for real",
        definition=(
            "Zhao et al., 2021: a linear SVM (scikit-learn `LinearSVC(dual=False)`) is fitted to the features of "
            f"`fid` of both sets and scored on the same ones; {formula}. Fewer than 2,500 pictures are refused: a "
            "plane through 2,048 features separates nearly any two sets of that size."
        ),
        value_range="0 to about 50",
        reference="scikit-learn on the same features",
        reference_tolerance=1e-9,
        blind_to="Everything at small N, where it is 0 whatever the model. How bad a detected fill is.",
        implementation="bench.metrics.distribution.backends.svm:of_sets",
        order=220 + place,
        regions=("full",),
        parameters=(NETWORK, RESIZE["fid"], ("svm", "linear,dual=no")),
        options=(("paired", name == "p"),),
        tolerance=0.1,
        aggregate="set",
        features="fid",
        needs=("inception",),
    )
    for place, (name, kind, formula) in enumerate(
        (
            ("p", "paired", "the share of pictures that look more real to it completed than untouched"),
            ("u", "unpaired", "the share of all pictures on the wrong side"),
        )
    )
)


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
    from bench.metrics.distribution.backends.svm import discriminative_scores

    return discriminative_scores(features_real, features_fake, allow_few)
