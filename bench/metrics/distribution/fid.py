"""FID from stored features (Heusel et al., 2017, "GANs trained by a two time-scale update rule", equation 6).

Reference: the formula with `scipy.linalg.sqrtm` in float64, and torchmetrics' FID of the same means and covariances;
held to a relative 1e-6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import FewPictures, MetricDefinition

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.feature_sets import Features

__all__ = ["DEFINITIONS", "NETWORK", "RESIZE", "fid"]

NETWORK = ("network", "inception-2015-12-05")
RESIZE = {"fid": ("resize", "tf1-bilinear"), "fid-clean": ("resize", "pillow-bicubic")}
"""Parameter of a signature by kind of features."""

_FEATURES = 2048

DEFINITIONS = tuple(
    MetricDefinition(
        name=kind,
        title=title,
        unit="",
        higher_is_better=False,
        summary=f"Fréchet distance between Inception features of all pictures, {resizing}",
        definition=(
            "Heusel et al., 2017: Gaussians fitted to the 2,048 last pooled Inception features of the untouched "
            f"and of the completed pictures, covariances with N - 1; pictures resized to 299x299 by {how}. The "
            "trace of the matrix root is a sum of singular values, exact in float64."
        ),
        value_range="0 to ∞",
        reference="the formula with `scipy.linalg.sqrtm`, relative (its features: 1e-6 of torch-fidelity's)",
        reference_tolerance=1e-6,
        blind_to=(
            "Biased upwards, the more the fewer pictures: with fewer than the 2,048 features values are large, and "
            "only those of one N can be compared; N is in the signature. Whether a fill belongs to its own picture."
        ),
        implementation="bench.metrics.distribution.backends.frechet:of_sets",
        order=200 + place,
        regions=("full",),
        parameters=(NETWORK, RESIZE[kind], ("ddof", "1")),
        relative_tolerance=1e-3,
        aggregate="set",
        features=kind,
        resampling="half-samples",
        blocks="bench.metrics.distribution.backends.frechet:of_blocks",
        draws="bench.metrics.distribution.backends.frechet:of_draws",
        few=FewPictures(
            _FEATURES,
            f"the {_FEATURES:,} features, mostly bias: compare it at the same N only, and read kid beside it",
        ),
        needs=("inception",),
    )
    for place, (kind, title, resizing, how) in enumerate(
        (
            ("fid", "FID", "resized as TensorFlow 1 did", "TensorFlow 1's bilinear filter without antialiasing"),
            (
                "fid-clean",
                "FID (clean)",
                "resized by an antialiased filter",
                "Pillow's bicubic filter in float, as clean-fid",
            ),
        )
    )
)


def fid(features_a: Features, features_b: Features) -> float:
    """Fréchet distance between Gaussians fitted to two sets of features, exact in float64; covariances with N - 1.

    Symmetric, at least 0, and 0 for equal sets within rounding. It is biased upwards, the more the fewer pictures: two
    samples of one distribution are far from 0 apart until N is many times D. Values at different N are different
    numbers, so print N beside it.

    Args:
        features_a: float [N, D], a tensor or an array, N >= 2; one row a picture, in any order.
        features_b: float [M, D], M >= 2, on the same device.

    Returns:
        The squared distance |mean_a - mean_b|² + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), in squared units of the features.

    Raises:
        DataError: an argument is not what it must be, or holds constant features.
    """
    from bench.metrics.distribution.backends.frechet import frechet_distance

    return frechet_distance(features_a, features_b)
