"""How far a metric of sets would move with other pictures: half-samples of the pictures, the same ones for every model.

A bootstrap draws some pictures twice, which moves a Fréchet distance as if there were fewer pictures, and adds pairs of
a picture with itself to a kernel distance. Half-samples drawn without replacement do neither: a distance of m out of N
pictures, less the mean over all draws and times sqrt(m / (N - m)), spreads as the distance of N pictures does (a
delete-d jackknife: Shao and Wu, 1989, "A general theory for jackknife variance estimation"). A test holds it to the
spread over simulated sets of pictures.

Arrays only: verdicts and tables are made without torch.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.errors import DataError, UsageError
from bench.metrics.definition import MetricDefinition

__all__ = ["half_sample_spread"]

Floats: TypeAlias = npt.NDArray[np.float64]
Features: TypeAlias = npt.NDArray[np.floating[Any]]
Rows: TypeAlias = npt.NDArray[np.intp]

_LARGEST = 250
"""Clusters in a draw at most: singular values of a draw take a time that grows with the third power. Draws of less than
half make the error of an FID a little too large (by a third at an eighth of the pictures), not too small."""

_LEAST = 8


def half_sample_spread(
    metric: MetricDefinition,
    real: Features,
    completed: Sequence[Features],
    clusters: Sequence[Hashable],
    *,
    draws: int = 200,
    seed: int = 0,
) -> Floats:
    """By how much the distance of each of K models to the truth differs from what is to be expected, draw by draw.

    The spread of row k is the standard error of model k's distance; the spread of the difference of two rows is that of
    the difference of two distances: models are drawn with the same pictures, so what they share cancels.

    Args:
        metric: of sets, with `resampling` by half-samples.
        real: float [N, D], features of the untouched pictures.
        completed: K times float [N, D], of the completed ones, rows in the same order.
        clusters: source picture of each row [N]; rows of one are drawn together.
        draws: how many half-samples.
        seed: key of the random stream.

    Returns:
        float64 [K, draws] with mean 0 in every row, in the unit of the distance.

    Raises:
        DataError: sets that are not of one shape, or of fewer than 8 source pictures; or the metric has no value for a
            draw.
        UsageError: fewer than 2 draws, or a metric that is not resampled.
    """
    _check(metric, real, completed, clusters, draws)
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    member = np.array([numbers[cluster] for cluster in clusters])
    size = min(len(numbers) // 2, _LARGEST)
    picks = list(_half_samples(member, len(numbers), size, draws, seed))
    truth = np.asarray(real, dtype=np.float64)
    values = np.stack([_distances(metric, truth, np.asarray(one, dtype=np.float64), picks) for one in completed])
    return np.asarray((values - values.mean(axis=1, keepdims=True)) * math.sqrt(size / (len(numbers) - size)))


def _half_samples(member: Rows, count: int, size: int, draws: int, seed: int) -> Iterator[Rows]:
    """Rows of each draw: of the clusters that come first in a random order, from raw words, the same everywhere."""
    stream = np.random.Philox(key=seed)
    for _ in range(draws):
        chosen = np.zeros(count, dtype=bool)
        chosen[np.argsort(stream.random_raw(count), kind="stable")[:size]] = True
        yield np.flatnonzero(chosen[member])


def _distances(metric: MetricDefinition, real: Floats, fake: Floats, picks: Sequence[Rows]) -> Floats:
    """The metric of each draw, float64 [draws]."""
    together = metric.load_draws()
    if together is not None:
        return together(real, fake, picks)
    distance = metric.load_distance()
    return np.array([distance(real[rows], fake[rows])[0] for rows in picks])


def _check(
    metric: MetricDefinition,
    real: Features,
    completed: Sequence[Features],
    clusters: Sequence[Hashable],
    draws: int,
) -> None:
    if not metric.resampling:
        raise UsageError(f"metric '{metric.name}'", "be resampled by half-samples", "no resampling", "Give another.")
    shapes = {np.shape(real), *(np.shape(one) for one in completed)}
    if len(shapes) > 1 or len(np.shape(real)) != 2 or len(clusters) != len(real):
        must, found = "be matrices [N, D] of the same pictures", f"shapes {sorted(shapes)} and {len(clusters)} pictures"
        raise DataError("sets of features", must, found, "Take rows of the samples that all of them have.")
    if len(set(clusters)) < _LEAST:
        found = f"{len(set(clusters))}"
        raise DataError("half-samples", f"be of at least {_LEAST} source pictures", found, "Score more pictures.")
    if draws < 2:
        raise UsageError("draws of half-samples", "be at least 2", str(draws), "Give another number.")
