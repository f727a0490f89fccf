"""Metrics of sets of pictures, one number a cell: FID, KID, and what else cannot be taken picture by picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.errors import DataError
from bench.gating.formatting import change, number
from bench.gating.margins import Margin
from bench.gating.pairs import PairStatistics
from bench.gating.results import CheckResult
from bench.metrics import MetricKey, find_definition
from bench.metrics.resampling import half_sample_spread
from bench.records import CellKey, Run, Score
from bench.records.features import CellFeatures, read_cell_features
from bench.records.values import CellValues

__all__ = ["SetPair", "set_regression_check", "set_statistics"]

_Z95 = 1.959963984540054
_FEWEST = 8


@dataclass(frozen=True)
class SetPair:
    """One metric of a set in two cells, and where their features are."""

    metric: str
    baseline: CellValues
    candidate: CellValues
    runs: tuple[Run, Run]

    @property
    def scores(self) -> tuple[Score, Score]:
        """As recorded."""
        return self.baseline.scores[self.metric], self.candidate.scores[self.metric]

    @property
    def same_pictures(self) -> bool:
        """Distances of sets of other pictures, or of fewer, are other numbers."""
        return self.baseline.ok == self.candidate.ok


def set_statistics(pair: SetPair, *, seed: int = 0) -> tuple[PairStatistics, str]:
    """Difference of the two numbers with its 95 % interval and p, from paired half-samples of the stored features.

    Returns:
        The statistics, without interval and p where there is nothing to draw from; and why, or nothing.
    """
    first, second = pair.scores
    if first.value is None or second.value is None:
        return _without_error(first.n, None), "no value on both sides"
    difference = second.value - first.value
    if not pair.same_pictures:
        return _without_error(first.n, None), "not of the same pictures on both sides"
    error, reason = _error(pair, seed)
    if error is None:
        return _without_error(first.n, difference), reason
    pictures = len(set(pair.baseline.pictures))
    p = math.erfc(abs(difference) / error / math.sqrt(2)) if error else float(difference == 0)
    interval = (difference - _Z95 * error, difference + _Z95 * error)
    return PairStatistics(first.n, pictures, difference, interval, error, p, None, None, None), ""


def set_regression_check(model: str, protocol: str, pair: SetPair, tolerance: Margin | None) -> CheckResult:
    """PASS when the number is the same within the tolerance: the one asked for, or the metric's own."""
    first, second = pair.scores
    before, after = first.value, second.value
    limit = tolerance.absolute(pair.metric, first.unit, before or 0.0) if tolerance else _rounding(pair, before or 0.0)
    same = before == after if before is None or after is None else abs(after - before) <= limit
    by = "" if before is None or after is None else f" ({change(after - before, first.unit)})"
    return CheckResult(
        "PASS" if same else "REGRESSION",
        "regression",
        model,
        protocol,
        pair.metric,
        f"{number(before, first.unit)} to {number(after, first.unit)}{by}, tolerance {limit:.4g} {first.unit}".rstrip(),
        unit=first.unit,
        baseline_mean=before,
        candidate_mean=after,
        difference=None if before is None or after is None else after - before,
        limit=limit,
        n=first.n,
    )


def _rounding(pair: SetPair, before: float) -> float:
    """The change that the metric's definition takes for rounding; none of a metric that is not known here."""
    known = find_definition(MetricKey.parse(pair.metric).metric)
    return max(known.tolerance, known.relative_tolerance * abs(before)) if known else 0.0


def _without_error(n: int, difference: float | None) -> PairStatistics:
    return PairStatistics(n, n, difference, None, None, None, None, None, None)


def _error(pair: SetPair, seed: int) -> tuple[float | None, str]:
    """Standard error of the difference, or why there is none."""
    metric = find_definition(MetricKey.parse(pair.metric).metric)
    if metric is None or not metric.resampling:
        return None, "is not resampled"
    samples = sorted(pair.baseline.ok)
    pictures = [pair.baseline.pictures[pair.baseline.row[sample]] for sample in samples]
    if len(set(pictures)) < _FEWEST:
        return None, f"fewer than {_FEWEST} pictures to resample"
    sides = zip(pair.runs, (pair.baseline, pair.candidate), strict=True)
    first, second = (_features(run, cell.cell.key, metric.features) for run, cell in sides)
    if first is None or second is None or not list(first.samples) == list(second.samples) == samples:
        return None, "has no features on disk to resample"
    both = [first.completed, second.completed]
    try:
        spread = half_sample_spread(metric, first.truth, both, pictures, seed=seed)
    except DataError as refused:
        return None, str(refused)
    return float((spread[1] - spread[0]).std(ddof=1)), ""


def _features(run: Run, key: CellKey, kind: str) -> CellFeatures | None:
    for _ in run.files(key, "features"):
        pass  # raises for a file that was edited
    return read_cell_features(run.layout.cell(key), kind)
