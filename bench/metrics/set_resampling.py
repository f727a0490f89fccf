"""How far FID and KID would move with other pictures: half-samples of the pictures, the same ones for every model.

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
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.errors import DataError, UsageError

__all__ = ["half_sample_spread"]

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.floating]
Rows = npt.NDArray[np.intp]

_LARGEST = 250
"""Clusters in a draw at most: singular values of a draw take a time that grows with the third power. Draws of less than
half make the error of an FID a little too large (by a third at an eighth of the pictures), not too small."""

_LEAST = 8
_BLOCK = 512


def half_sample_spread(
    kind: Literal["fid", "kid"],
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
        kind: `fid` as `bench.metrics.fid`, `kid` as the unbiased MMD² of `bench.metrics.kid` over all of a draw.
        real: float [N, D], features of the untouched pictures.
        completed: K times float [N, D], of the completed ones, rows in the same order.
        clusters: source picture of each row [N]; rows of one are drawn together.
        draws: how many half-samples.
        seed: key of the random stream.

    Returns:
        float64 [K, draws] with mean 0 in every row, in the unit of the distance.

    Raises:
        DataError: sets that are not of one shape, or of fewer than 8 source pictures.
        UsageError: fewer than 2 draws.
    """
    _check(real, completed, clusters, draws)
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    member = np.array([numbers[cluster] for cluster in clusters])
    kept = min(len(numbers) // 2, _LARGEST)
    picks = list(_half_samples(member, len(numbers), kept, draws, seed))
    distances = _frechet if kind == "fid" else _kernel_distances
    truth = np.asarray(real, dtype=np.float64)
    values = np.stack([distances(truth, np.asarray(one, dtype=np.float64), picks) for one in completed])
    return np.asarray((values - values.mean(axis=1, keepdims=True)) * math.sqrt(kept / (len(numbers) - kept)))


def _half_samples(member: Rows, count: int, kept: int, draws: int, seed: int) -> Iterator[Rows]:
    """Rows of each draw: of the clusters that come first in a random order, from raw words, the same everywhere."""
    stream = np.random.Philox(key=seed)
    for _ in range(draws):
        chosen = np.zeros(count, dtype=bool)
        chosen[np.argsort(stream.random_raw(count), kind="stable")[:kept]] = True
        yield np.flatnonzero(chosen[member])


def _frechet(real: Floats, fake: Floats, picks: Sequence[Rows]) -> Floats:
    """Fréchet distances [draws]; see `frechet`, whose nuclear norm is that of the rows' products."""
    return np.array([_frechet_of(real[rows], fake[rows]) for rows in picks])


def _frechet_of(real: Floats, fake: Floats) -> float:
    shift = real.mean(axis=0) - fake.mean(axis=0)
    a, b = real - real.mean(axis=0), fake - fake.mean(axis=0)
    product = a @ b.T if len(a) <= a.shape[1] else _triangle(a) @ _triangle(b).T
    singular = np.sqrt(np.clip(np.linalg.eigvalsh(product @ product.T), 0, None)).sum()
    return float(shift @ shift + ((a * a).sum() + (b * b).sum() - 2 * singular) / (len(a) - 1))


def _triangle(centred: Floats) -> Floats:
    return np.asarray(np.linalg.qr(centred, mode="r"))


def _kernel_distances(real: Floats, fake: Floats, picks: Sequence[Rows]) -> Floats:
    """Unbiased MMD² [draws] under the kernel (x·y / D + 1)³, all draws from one kernel matrix a pair of sets."""
    members = np.zeros((len(picks), len(real)))
    for draw, rows in enumerate(picks):
        members[draw, rows] = 1
    size = members.sum(axis=1)
    within = _pairs(real, real, members) - members @ _kernel((real * real).sum(axis=1), real.shape[1])
    within += _pairs(fake, fake, members) - members @ _kernel((fake * fake).sum(axis=1), fake.shape[1])
    across = _pairs(real, fake, members)
    return np.asarray(within / (size * (size - 1)) - 2 * across / size**2)


def _pairs(x: Floats, y: Floats, members: Floats) -> Floats:
    """Sum of the kernel over all pairs of members of each draw."""
    total = np.zeros(len(members))
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        total += ((members[:, rows] @ _kernel(x[rows] @ y.T, x.shape[1])) * members).sum(axis=1)
    return total


def _kernel(products: Floats, features: int) -> Floats:
    base = products / features + 1
    return base * base * base


def _check(real: Features, completed: Sequence[Features], clusters: Sequence[Hashable], draws: int) -> None:
    shapes = {np.shape(real), *(np.shape(one) for one in completed)}
    if len(shapes) > 1 or len(np.shape(real)) != 2 or len(clusters) != len(real):
        must, found = "be matrices [N, D] of the same pictures", f"shapes {sorted(shapes)} and {len(clusters)} pictures"
        raise DataError("sets of features", must, found, "Take rows of the samples that all of them have.")
    if len(set(clusters)) < _LEAST:
        found = f"{len(set(clusters))}"
        raise DataError("half-samples", f"be of at least {_LEAST} source pictures", found, "Score more pictures.")
    if draws < 2:
        raise UsageError("draws of half-samples", "be at least 2", str(draws), "Give another number.")
