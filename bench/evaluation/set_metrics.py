"""Metrics of sets of pictures, when a cell is whole: features of completed against those of untouched pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.metrics import MetricDefinition
from bench.records import CellRecord, Score
from bench.records.features import CellFeatures, StoredFeatures, open_cell_features
from bench.records.schema import SET_INTERVAL

__all__ = ["BLOCK", "with_set_metrics"]

_Z95 = 1.959963984540054

BLOCK = 4096
"""Pictures up to which all features are in memory at once; of more, so many at a time where the metric allows it."""


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
    scores, notes = dict(cell.metrics), dict(cell.notes)
    ok = cell.n - cell.n_failed - cell.n_skipped
    features = _Features(folder, ok)
    for metric in sorted(metrics, key=lambda metric: metric.features):
        for key in (f"{metric.name}.{region}" for region in metric.regions):
            if key not in signatures:
                continue
            scores[key], note = _score(metric, features, signatures[key], ok)
            notes |= {key: note} if note else {}
    return replace(cell, metrics=scores, notes=notes)


class _Features:
    """The features of a cell; those that some metric needs all at once are read once.

    Args:
        folder: of the cell.
        ok: samples that have features.
    """

    def __init__(self, folder: Path, ok: int) -> None:
        self._folder, self._ok = folder, ok
        self._read: dict[str, CellFeatures] = {}

    def distance(self, metric: MetricDefinition) -> tuple[float, float | None]:
        """A metric and its standard error, if it has one.

        Raises:
            DataError, UsageError: it cannot be taken of these pictures.
        """
        kind = metric.features
        if kind not in self._read:
            stored = self._stored(kind)
            if len(stored.samples) > BLOCK and (of_blocks := metric.load_blocks()):
                first = next(stored.blocks(1))[0]
                if len(stored.samples) > first.shape[1]:
                    return of_blocks(stored.blocks(BLOCK))
            read = stored.read()
            if read is None:
                raise self._damaged()
            self._read = {kind: read}
        return metric.load_distance()(self._read[kind].truth, self._read[kind].completed)

    def _stored(self, kind: str) -> StoredFeatures:
        stored = open_cell_features(self._folder, kind)
        if stored is None or len(stored.samples) != self._ok:
            raise self._damaged()
        return stored

    def _damaged(self) -> DataError:
        return DataError(f"features of {self._folder}", f"be there of {self._ok} pictures", "files that are damaged")


def _score(metric: MetricDefinition, features: _Features, signature: str, ok: int) -> tuple[Score, str]:
    """The number, undefined in all pictures where it cannot be taken, and what to know of it."""
    value, error, note = None, None, "no picture was scored"
    if ok:
        try:
            value, error = features.distance(metric)
            note = metric.few.of(ok) if metric.few else ""
        except (DataError, UsageError) as refused:
            note = str(refused)
    n = 0 if value is None else ok
    interval = None if value is None or error is None else (value - _Z95 * error, value + _Z95 * error)
    text = f"{signature}|n:{n}"
    method = "" if interval is None else SET_INTERVAL
    score = Score(value, interval, n, 0, ok - n, metric.unit, metric.higher_is_better, text, method, n)
    return score, note
