"""The difference of two recipes of training: pictures vary, and so do trainings of one recipe with other seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.errors import DataError
from bench.statistics.clusters import Clusters, Floats, cluster_sums
from bench.statistics.paired import standard_errors

__all__ = ["SeedDifference", "difference_over_seeds"]


@dataclass(frozen=True)
class SeedDifference:
    """Mean of recipe B minus mean of recipe A, over pictures and trainings.

    Attributes:
        difference: B minus A.
        ci95: its interval.
        error_pictures: standard error over pictures.
        error_seeds: standard error over trainings.
        seeds: trainings of A and of B.
        pictures: clusters with a value.
    """

    difference: float
    ci95: tuple[float, float]
    error_pictures: float
    error_seeds: float
    seeds: tuple[int, int]
    pictures: int


def difference_over_seeds(a: Floats, b: Floats, clusters: Clusters = None, *, level: float = 0.95) -> SeedDifference:
    """Compare two recipes that were each trained with several seeds and evaluated on the same pictures.

    The variance is that of the paired differences over pictures (cluster-robust, of means over the seeds) plus that of
    the means of the single trainings, for each recipe. Student's t has the degrees of freedom of Welch and
    Satterthwaite. What a seed does to single pictures is in both parts, so the interval is rather too wide.

    Args:
        a, b: one metric, float64 [seeds, pictures], at least two seeds each; NaN where a picture has no value, which
            leaves the picture out.
        clusters: what each picture was cut from [pictures]; None: every picture is its own cluster.
        level: of the interval.

    Raises:
        DataError: fewer than two seeds, or two pictures with a value, or not the same pictures.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        found = f"{list(a.shape)} and {list(b.shape)}"
        raise DataError("values", "be [2 seeds or more, pictures] twice, of the same pictures", found)
    whole = np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0)
    differences = np.where(whole, np.where(whole, b, 0).mean(axis=0) - np.where(whole, a, 0).mean(axis=0), np.nan)
    columns = cluster_sums(differences, clusters)
    pictures = int(columns.used()[0])
    if pictures < 2:
        raise DataError("pictures with a value in every training", "be two or more", str(pictures))
    of_pictures = float(standard_errors(columns)[0]) ** 2
    of_seeds = [float(side[:, whole].mean(axis=1).var(ddof=1)) / len(side) for side in (a, b)]
    parts = [(of_pictures, pictures - 1), *zip(of_seeds, (len(a) - 1, len(b) - 1), strict=True)]
    difference, variance = float(columns.means()[0]), sum(part for part, _ in parts)
    half = _quantile(parts, level) * math.sqrt(variance)
    return SeedDifference(
        difference,
        (difference - half, difference + half),
        math.sqrt(of_pictures),
        math.sqrt(sum(of_seeds)),
        (len(a), len(b)),
        pictures,
    )


def _quantile(parts: list[tuple[float, int]], level: float) -> float:
    """Student's t for the sum of independent variances, each with its degrees of freedom."""
    from scipy.special import stdtrit

    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / spread if spread else math.inf
    return float(stdtrit(freedom, 1 - (1 - level) / 2)) if math.isfinite(freedom) else 0.0
