"""The golden gate: the same weights on the same pictures. Did the code change the numbers? No statistics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench.gating.findings import Finding
from bench.gating.margins import Margin, tolerance
from bench.gating.pairs import PairedCell, PairedValues
from bench.gating.wording import change, number, some

__all__ = ["golden_finding"]


def golden_finding(
    model: str, protocol: str, both: PairedCell, metric: str, tolerances: Mapping[str, Margin] | None
) -> Finding:
    """PASS when every picture's value is within the tolerance; else REGRESSION, which names the pictures.

    A change for the better is a change too. Equal infinities, and values undefined on both sides, are equal.
    """
    values = both.values(metric)
    before, after = values.means
    limit = tolerance(metric, tolerances).absolute(metric, values.unit, before or 0.0)
    outside = _outside(values, limit)
    samples = tuple(values.samples[index] for index in outside)
    return Finding(
        "REGRESSION" if samples else "PASS",
        "golden",
        model,
        protocol,
        metric,
        _text(values, outside, limit) if samples else f"{len(values.samples)} pictures within {limit:g} {values.unit}",
        samples,
        values.unit,
        before,
        after,
        None if before is None or after is None else after - before,
        limit=limit,
        n=len(values.samples),
    )


def _outside(values: PairedValues, limit: float) -> list[int]:
    """Rows that changed by more than the limit, the most changed first."""
    a, b = values.baseline, values.candidate
    with np.errstate(invalid="ignore"):
        gap = np.abs(b - a)
    gap = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, gap)
    gap = np.where(np.isnan(gap), np.inf, gap)
    outside = np.flatnonzero(gap > limit)
    return [int(row) for row in outside[np.argsort(-gap[outside], kind="stable")]]


def _text(values: PairedValues, outside: list[int], limit: float) -> str:
    first = outside[0]
    was, now = values.baseline[first], values.candidate[first]
    by = f" ({change(float(now - was), values.unit)})" if np.isfinite(now - was) else ""
    return (
        f"changed by more than {limit:g} {values.unit}".rstrip()
        + f" in {len(outside)} of {len(values.samples)} pictures, most in {some([values.samples[first]])}:"
        + f" {number(float(was), values.unit)} to {number(float(now), values.unit)}{by}"
        + (f"; also {some([values.samples[index] for index in outside[1:]])}" if len(outside) > 1 else "")
    )
