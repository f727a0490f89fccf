"""How much of a change is rounding: the tolerance of each sample in the regression gate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench.gating.margins import EXACT, Margin, tolerance
from bench.gating.pairs import PairedCell
from bench.records.spread import CellSpread, Spread
from bench.records.values import Floats

__all__ = ["SPREAD_MULTIPLE", "limits"]

SPREAD_MULTIPLE = 4
"""So many times the spread that was measured: a processor that was not measured can lie outside of it."""


def limits(both: PairedCell, metric: str, wanted: Mapping[str, Margin] | None, spread: Spread | None) -> Floats:
    """The tolerance of each common sample, float64 [N], in the metric's unit.

    What is `wanted` for the metric goes first. A baseline without a spread has the tolerance of the metric's
    definition. With one, a model without networks must be exact up to the last bits, and each sample of a model with
    networks has SPREAD_MULTIPLE times its spread or the effect of its flips, the larger of the two.
    """
    values = both.values(metric)
    if spread is None or (wanted and metric in wanted):
        one = tolerance(metric, wanted).absolute(metric, values.unit, values.means[0] or 0.0)
        return np.full(len(values.samples), one)
    key = both.baseline.cell.key
    if not spread.has(key.model):
        return np.full(len(values.samples), EXACT)
    return _of_samples(spread.cells[key], metric, values.samples)


def _of_samples(cell: CellSpread, metric: str, samples: tuple[str, ...]) -> Floats:
    row = {sample: index for index, sample in enumerate(cell.samples)}
    rows = [row[sample] for sample in samples]
    found = cell.metrics[metric]
    return np.maximum(np.maximum(SPREAD_MULTIPLE * found.spread, found.flips), EXACT)[rows]
