"""Metrics of sets of pictures, when a cell is whole: features of completed against those of untouched pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.metrics import MetricDefinition
from bench.records import CellRecord, Score
from bench.records.features import CellFeatures, read_cell_features
from bench.records.schema import SET_INTERVAL

__all__ = ["with_set_metrics"]

_Z95 = 1.959963984540054


def with_set_metrics(
    cell: CellRecord, folder: Path, metrics: Sequence[MetricDefinition], signatures: Mapping[str, str]
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
        for key in (f"{metric.name}.{region}" for region in metric.regions):
            if key not in signatures:
                continue
            scores[key], note = _score(metric, features[metric.features], signatures[key], ok)
            notes |= {key: note} if note else {}
    return replace(cell, metrics=scores, notes=notes)


def _score(metric: MetricDefinition, features: CellFeatures | None, signature: str, ok: int) -> tuple[Score, str]:
    """The number, undefined in all pictures where it cannot be taken, and what to know of it."""
    value, error, note = None, None, "no picture was scored"
    if features is not None:
        try:
            value, error = metric.load_distance()(features.truth, features.completed)
            note = metric.few.of(ok) if metric.few else ""
        except (DataError, UsageError) as refused:
            note = str(refused)
    n = 0 if value is None else ok
    interval = None if value is None or error is None else (value - _Z95 * error, value + _Z95 * error)
    text = f"{signature}|n:{n}"
    method = "" if interval is None else SET_INTERVAL
    score = Score(value, interval, n, 0, ok - n, metric.unit, metric.higher_is_better, text, method, n)
    return score, note
