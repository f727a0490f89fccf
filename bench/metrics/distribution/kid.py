"""KID from stored features (Binkowski et al., 2018, "Demystifying MMD GANs"), with an honest standard error.

Reference: `poly_mmd` of torchmetrics on every subset; held to a relative 1e-9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.distribution.fid import NETWORK, RESIZE

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "kid"]

_SUBSETS, _SUBSET_SIZE, _SEED = 100, 1000, 0

DEFINITIONS = (
    MetricDefinition(
        name="kid",
        title="KID",
        unit="",
        higher_is_better=False,
        summary="kernel distance between Inception features of all pictures, unbiased at any N",
        definition=(
            "Binkowski et al., 2018: unbiased MMD² under the kernel (x·y / D + 1)³ of the features of `fid`, mean over "
            f"{_SUBSETS} random subsets of {_SUBSET_SIZE:,} pictures, or of half of them where that is fewer. The "
            "interval is 1.96 standard errors of a delete-d jackknife each side: of other pictures, not of other "
            "subsets."
        ),
        value_range="about 0 to ∞; a little below 0 is possible",
        reference="torchmetrics `poly_mmd` on the same subsets, relative",
        reference_tolerance=1e-9,
        blind_to="Whether a fill belongs to its own picture; what Inception does not look at.",
        implementation="bench.metrics.distribution.backends.kernel:of_sets",
        order=210,
        regions=("full",),
        parameters=(
            NETWORK,
            RESIZE["fid"],
            ("subsets", str(_SUBSETS)),
            ("subset-size", str(_SUBSET_SIZE)),
            ("seed", str(_SEED)),
        ),
        options=(("subsets", _SUBSETS), ("subset_size", _SUBSET_SIZE), ("seed", _SEED)),
        relative_tolerance=1e-3,
        aggregate="set",
        features="fid",
        resampling="half-samples",
        draws="bench.metrics.distribution.backends.kernel:of_draws",
        needs=("inception",),
    ),
)


def kid(
    features_a: Features,
    features_b: Features,
    subsets: int = _SUBSETS,
    subset_size: int = _SUBSET_SIZE,
    seed: int = _SEED,
) -> tuple[float, float]:
    """Kernel inception distance: unbiased MMD² under the kernel (x·y / D + 1)³, mean over random subsets.

    Unbiased: the expectation does not depend on N or the subset's size, and is 0 for samples of one distribution, so a
    value may be negative. Subsets are drawn without replacement from raw words of Philox, the same on every machine.
    They hold at most half of the smaller set, or they would hardly differ: a larger `subset_size` is reduced to that.

    Args:
        features_a: float [N, D], a tensor or an array, N >= 4; one row a picture. Which rows make a subset depends on
            their order: sort them by sample id.
        features_b: float [M, D], M >= 4, on the same device.
        subsets: number of subsets, at least 2.
        subset_size: rows of either set in a subset, at least 2.
        seed: key of the random stream, 0 or more.

    Returns:
        The value, and its standard error: of the pictures as well as of the subsets drawn (a delete-d jackknife; for
        samples of one distribution, where KID is near 0, it is too large by a factor of up to about sqrt(N / m + 1)).

    Raises:
        DataError: an argument is not what it must be, or holds constant features.
        UsageError: fewer than 2 subsets, a subset of fewer than 2 rows, a negative seed.
    """
    from bench.metrics.distribution.backends.kernel import kernel_distance

    return kernel_distance(features_a, features_b, subsets, subset_size, seed)
