"""Metrics of sets of pictures, when a cell is whole: features of completed against those of untouched pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.metrics import MetricDeclaration
from bench.records import CellRecord, Score
from bench.records.features import CellFeatures, read_cell_features

__all__ = ["with_set_metrics"]

_Z95 = 1.959963984540054
_FEW = 2048
"""Below as many pictures as features every Fréchet distance is mostly bias."""


def with_set_metrics(
    cell: CellRecord, folder: Path, metrics: Sequence[MetricDeclaration], signatures: Mapping[str, str]
) -> CellRecord:
    """The cell with its metrics of sets: over all samples that are `ok`, sorted by id.

    A distance that cannot be taken of so few pictures, or says little of them, comes with a note.

    Args:
        folder: of the cell, with the features of its shards.
        metrics: of sets.
        signatures: `metric.region` to its signature.
    """
    features = {kind: read_cell_features(folder, kind) for kind in {metric.features for metric in metrics}}
    scores, notes = dict(cell.metrics), dict(cell.notes)
    ok = cell.n - cell.n_failed - cell.n_skipped
    for metric in metrics:
        for region in metric.regions:
            key = f"{metric.name}.{region}"
            scores[key], note = _score(metric, features[metric.features], signatures[key], ok)
            notes |= {key: note} if note else {}
    return replace(cell, metrics=scores, notes=notes)


def _score(metric: MetricDeclaration, features: CellFeatures | None, signature: str, ok: int) -> tuple[Score, str]:
    """The number, undefined in all pictures where it cannot be taken, and what to know of it."""
    value, error, note = None, None, "no picture was scored"
    if features is not None:
        try:
            value, error = metric.load_distance()(features.truth, features.completed)
            note = _of_few(metric, ok)
        except (DataError, UsageError) as refused:
            note = str(refused)
    n = 0 if value is None else ok
    interval = None if value is None or error is None else (value - _Z95 * error, value + _Z95 * error)
    text = f"{signature}|n:{n}"
    return Score(value, interval, n, 0, ok - n, metric.unit, metric.higher_is_better, text), note


def _of_few(metric: MetricDeclaration, n: int) -> str:
    if not metric.name.startswith("fid") or n >= _FEW:
        return ""
    return f"N = {n} is below the {_FEW:,} features, mostly bias: compare it at the same N only, and read kid beside it"
