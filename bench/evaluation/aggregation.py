"""A whole cell's records to `cell.json`: once, in float64, sorted by sample id, whoever ran the shards."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

import bench.metrics
from bench.metrics import MetricKey
from bench.records import CellKey, CellRecord, Failures, PredictionWarning, Record, Score
from bench.records.caps import capped
from bench.records.scores import with_intervals

__all__ = ["reduce_cell"]


def reduce_cell(
    key: CellKey,
    labels: Mapping[str, str],
    records: Sequence[Record],
    signatures: dict[str, str],
    classes: Sequence[str] = (),
) -> CellRecord:
    """Reduce the records of a cell to means of images; metrics of sets are left for `with_set_metrics`.

    Args:
        labels: where the model's labels come from, `{"context": ..., "hole": ...}`.
        signatures: `metric.region` to its signature: the numbers that the cell holds.
        classes: keys of the data set's classes, for metrics by class.

    Means are over values as their metric's cap counts them. Infinite and undefined ones are counted beside the mean;
    the undefined, and the infinite of a metric without a cap, are in no mean.
    """
    ordered = sorted(records, key=lambda record: record.sample)
    ok = [record for record in ordered if record.status == "ok"]
    drawn = [record for record in ordered if record.status != "skipped"]
    of_images = {name: text for name, text in signatures.items() if _definition(name).aggregate == "image-mean"}
    holes = "".join(f"{record.sample} {record.hole_sha256}\n" for record in drawn)
    return CellRecord(
        key=key,
        labels=dict(labels),
        n=len(ordered),
        n_failed=sum(record.status == "failed" for record in ordered),
        n_skipped=sum(record.status == "skipped" for record in ordered),
        hole_share=float(np.mean([record.hole_share for record in drawn])) if drawn else None,
        holes_sha256=hashlib.sha256(holes.encode()).hexdigest(),
        failures=_failures(ordered),
        metrics=_scores(ok, of_images),
        by_class=_scores(ok, _of_classes(of_images, classes)),
        warnings=_warnings(ok),
    )


def _failures(records: Sequence[Record]) -> tuple[Failures, ...]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.status != "ok":
            groups.setdefault((record.status, record.reason), []).append(record)
    return tuple(
        Failures(group[0].status, reason, tuple(record.sample for record in group), group[0].traceback)
        for (_, reason), group in sorted(groups.items())
    )


def _warnings(records: Sequence[Record]) -> tuple[PredictionWarning, ...]:
    groups: dict[str, list[str]] = {}
    for record in records:
        if record.warning:
            groups.setdefault(record.warning, []).append(record.sample)
    return tuple(PredictionWarning(reason, tuple(samples)) for reason, samples in sorted(groups.items()))


def _of_classes(signatures: Mapping[str, str], classes: Sequence[str]) -> dict[str, str]:
    """`metric.region.class` to its signature, of the metrics by class."""
    return {
        f"{name}.{of_class}": f"{text}|class:{of_class}"
        for name, text in signatures.items()
        if _definition(name).by_class
        for of_class in classes
    }


def _scores(records: Sequence[Record], signatures: Mapping[str, str]) -> dict[str, Score]:
    """Means over the records with their intervals, by the name of the value."""
    rows = [record.values for record in records]
    values = {name: np.array(_column(rows, name), np.float64) for name in signatures}
    means = {name: _score(name, values[name], text) for name, text in signatures.items()}
    return with_intervals(means, values, [record.image_sha256 or record.sample for record in records])


def _column(rows: Sequence[Mapping[str, float]], name: str) -> list[float]:
    """One value of all records; undefined for a class that a record does not name: the picture shows none of it."""
    if MetricKey.parse(name).class_name:
        return [row.get(name, math.nan) for row in rows]
    return list(map(itemgetter(name), rows))


def _score(name: str, every: npt.NDArray[np.float64], signature: str) -> Score:
    counted = capped(every, signature)
    finite = counted[np.isfinite(counted)]
    definition = _definition(name)
    return Score(
        value=float(finite.mean()) if finite.size else None,
        ci95=None,
        n=int(finite.size),
        n_infinite=int(np.isinf(every).sum()),
        n_undefined=int(np.isnan(every).sum()),
        unit=definition.unit,
        higher_is_better=definition.higher_is_better,
        signature=f"{signature}|n:{finite.size}",
    )


def _definition(name: str) -> bench.metrics.MetricDefinition:
    return bench.metrics.definition(MetricKey.parse(name).metric)
