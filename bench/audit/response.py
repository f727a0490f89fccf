"""The response of a metric: how much worse it calls distorted fills, in units of its own noise.

With m a metric, oriented so that more is worse, A, B, C and E redrawn truths of a picture, and D the distorted A: the
change is m(D) - m(A). The noise is the root mean square, over pictures, of the difference of two redrawn truths of a
picture. The response is the mean change over the noise: 1 is a change as large as the one between two fills that nobody
prefers to one another. The interval draws pictures again, and takes the noise as known. Where a metric never tells
redrawn truths apart, the standard deviation of the change over pictures stands in for the noise.

A metric of sets has one value of all pictures. Its noise is the standard error of such a difference, by half-samples,
times the square root of the number of pictures: the same of a mean over pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.errors import DataError
from bench.metrics import MetricDefinition
from bench.metrics.resampling import half_sample_spread
from bench.records.audit import Verdict
from bench.statistics import cluster_intervals, cluster_sums

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float64]
    Features = npt.NDArray[np.floating[Any]]

__all__ = ["NoNoise", "Responses", "responses_of_images", "responses_of_set", "verdict_of"]

_NEGLIGIBLE = 0.1
"""A response below this is none, however sure it is."""

_LARGEST, _TINY = 1000.0, 1e-12
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Responses:
    """Of one metric to S states.

    Attributes:
        value: of the redrawn truth.
        noise: in the metric's unit; 0 where the metric never tells redrawn truths apart.
        scale: what changes are divided by, float64 [S].
        n: pictures with a value, int [S].
        change: in the metric's unit, above 0 for worse, float64 [S].
        low, high: ends of its 95 % interval, float64 [S]; NaN where there is none.
    """

    value: float
    noise: float
    scale: Floats
    n: npt.NDArray[np.int64]
    change: Floats
    low: Floats
    high: Floats

    def in_noise(self, index: int) -> tuple[float, float, float]:
        """Change and the ends of its interval over the scale, -1000 to 1000, of a state."""
        scale = max(float(self.scale[index]), _TINY)
        values = (float(part[index]) / scale for part in (self.change, self.low, self.high))
        change, low, high = (
            max(-_LARGEST, min(_LARGEST, value)) if not math.isnan(value) else value for value in values
        )
        return change, low, high


class NoNoise(Exception):
    """There is no noise to compare with: the metric has no value of the redrawn truth."""


def responses_of_images(
    metric: MetricDefinition, redrawn: Floats, distorted: Floats, clusters: Sequence[str]
) -> Responses:
    """The responses of a metric with a value a picture.

    Args:
        metric: its definition.
        redrawn: values of the redrawn truths, float64 [N, R]; NaN where there is none.
        distorted: values of the S distorted states of the first, float64 [N, S]; NaN likewise.
        clusters: source picture of each row [N].

    Raises:
        NoNoise: no picture has a value of all redrawn truths.
    """
    sign = -1.0 if metric.higher_is_better else 1.0
    redrawn, distorted = (_finite(values, metric.cap) for values in (redrawn, distorted))
    first, whole = redrawn[:, 0], redrawn[~np.isnan(redrawn).any(axis=1)]
    if not len(whole):
        raise NoNoise
    changes = sign * (distorted - first[:, None])
    sums = cluster_sums(changes, clusters)
    low, high = cluster_intervals(sums)
    noise = math.sqrt(2.0 * float(np.mean(whole.var(axis=1, ddof=1))))  # of a difference: twice the variance
    if noise <= metric.tolerance:
        noise, scale = 0.0, np.array([_deviation(column) for column in changes.T])
    else:
        scale = np.full(changes.shape[1], noise)
    n = np.count_nonzero(~np.isnan(changes), axis=0)
    return Responses(float(np.nanmean(first)), noise, scale, np.asarray(n, np.int64), sums.means(), low, high)


def responses_of_set(
    metric: MetricDefinition,
    truth: Features,
    redrawn: Sequence[Features],
    states: Sequence[tuple[Features, npt.NDArray[np.bool_]]],
    clusters: Sequence[str],
) -> Responses:
    """The responses of a metric of sets.

    Args:
        metric: its definition, with resampling.
        truth: features of the untouched pictures, float [N, D].
        redrawn: of the redrawn truths, float [N, D] each.
        states: features [N, D] of S distorted states, and the pictures that have them, bool [N]. A state that some
            pictures lack is compared with the redrawn truths of the others.
        clusters: source picture of each row [N].

    Raises:
        DataError: too few pictures.
    """
    sign = -1.0 if metric.higher_is_better else 1.0
    first = redrawn[0]
    draws = half_sample_spread(metric, truth, redrawn, clusters)
    noise = math.sqrt(2.0 * float(np.mean(draws.var(axis=0, ddof=1))) * len(set(clusters)))
    rows = [_set_change(metric, truth, first, *state, clusters) for state in states]
    change, error, n = (np.array(column) for column in zip(*rows, strict=True))
    value = metric.load_distance()(truth, first)[0]
    return Responses(
        value,
        noise,
        np.full(len(rows), max(noise, metric.tolerance)),
        n.astype(np.int64),
        sign * change,
        sign * change - _Z95 * error,
        sign * change + _Z95 * error,
    )


def verdict_of(response: float, ci95: tuple[float, float] | None) -> Verdict:
    """What an interval of a response says: see docs/reference/metric-audit.md."""
    if ci95 is None:
        return "unknown"
    if abs(response) < _NEGLIGIBLE or ci95[0] <= 0 <= ci95[1]:
        return "blind"
    if response < 0:
        return "wrong"
    return "sees" if response >= 1 else "weak"


def _set_change(
    metric: MetricDefinition,
    truth: Features,
    first: Features,
    distorted: Features,
    there: npt.NDArray[np.bool_],
    clusters: Sequence[str],
) -> tuple[float, float, int]:
    """Change of the distance, its standard error, and the number of pictures; NaN where there are too few."""
    real, before, after = truth[there], first[there], distorted[there]
    own = [cluster for cluster, one in zip(clusters, there.tolist(), strict=True) if one]

    try:
        draws = half_sample_spread(metric, real, [before, after], own)
    except DataError:
        return math.nan, math.nan, 0
    distance = metric.load_distance()
    change = distance(real, after)[0] - distance(real, before)[0]
    return change, float(np.std(draws[1] - draws[0])), len(own)


def _deviation(changes: Floats) -> float:
    """Standard deviation over the pictures that have a value; 0 of fewer than two."""
    there = changes[~np.isnan(changes)]
    return float(there.std(ddof=1)) if len(there) > 1 else 0.0


def _finite(values: Floats, cap: float | None) -> Floats:
    """Infinite values as tables count them: at the cap of the metric, or in no mean."""
    if cap is not None:
        return np.minimum(values, cap)
    return np.where(np.isinf(values), np.nan, values)
