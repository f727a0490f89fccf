"""The regression gate: same weights, same pictures. It checks that the code did not change any value; no statistics."""

from __future__ import annotations

import numpy as np

from bench.gating.formatting import change, number, some
from bench.gating.pairs import PairedCell, PairedValues
from bench.gating.results import CheckResult
from bench.records.values import Floats

__all__ = ["regression_check"]


def regression_check(model: str, protocol: str, both: PairedCell, metric: str, limits: Floats) -> CheckResult:
    """PASS when every picture's value is within its tolerance; else REGRESSION, which names the pictures.

    A change for the better is a change too. Equal infinities, and values undefined on both sides, are equal.

    Args:
        limits: float64 [N], the tolerance of each common sample, in the metric's unit (`bench.gating.rounding`).
    """
    values = both.values(metric)
    before, after = values.means
    outside = _outside(values, limits)
    samples = tuple(values.samples[index] for index in outside)
    return CheckResult(
        "REGRESSION" if samples else "PASS",
        "regression",
        model,
        protocol,
        metric,
        _text(values, outside, limits)
        if samples
        else f"{len(values.samples)} pictures within {_range(limits, values)}",
        samples,
        values.unit,
        before,
        after,
        None if before is None or after is None else after - before,
        limit=float(limits[outside[0]]) if outside else float(limits.max(initial=0.0)),
        n=len(values.samples),
    )


def _outside(values: PairedValues, limits: Floats) -> list[int]:
    """Rows that changed by more than their limits, the most changed first."""
    a, b = values.baseline, values.candidate
    with np.errstate(invalid="ignore"):
        gap = np.abs(b - a)
    gap = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, gap)
    gap = np.where(np.isnan(gap), np.inf, gap)
    outside = np.flatnonzero(gap > limits)
    return [int(row) for row in outside[np.argsort(-gap[outside], kind="stable")]]


def _range(limits: Floats, values: PairedValues) -> str:
    """`0.001 dB`, or `0.001 to 0.002 dB` where pictures have tolerances of their own."""
    if not len(limits):
        return f"no tolerance {values.unit}".rstrip()
    low, high = f"{limits.min():.3g}", f"{limits.max():.3g}"
    return f"{low if low == high else f'{low} to {high}'} {values.unit}".rstrip()


def _text(values: PairedValues, outside: list[int], limits: Floats) -> str:
    first = outside[0]
    was, now = values.baseline[first], values.candidate[first]
    by = f" ({change(float(now - was), values.unit)})" if np.isfinite(now - was) else ""
    return (
        f"changed by more than {limits[first]:.3g} {values.unit}".rstrip()
        + f" in {len(outside)} of {len(values.samples)} pictures, most in {some([values.samples[first]])}:"
        + f" {number(float(was), values.unit)} to {number(float(now), values.unit)}{by}"
        + (f"; also {some([values.samples[index] for index in outside[1:]])}" if len(outside) > 1 else "")
    )
