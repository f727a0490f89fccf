"""A whole cell's records to `cell.json`: once, in float64, sorted by sample id, whoever ran the shards."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

import bench.metrics
from bench.records import CellKey, CellRecord, Failures, Record, Score
from bench.statistics import mean_interval
from bench.vocabulary import LabelAxes

__all__ = ["reduce_cell"]


def reduce_cell(
    key: CellKey,
    labels: LabelAxes,
    records: Sequence[Record],
    signatures: dict[str, str],
    classes: Sequence[str] = (),
) -> CellRecord:
    """Reduce the records of a cell to means of images; metrics of sets are left for `distances.with_distances`.

    Args:
        signatures: `metric.region` to its signature: the numbers that the cell holds.
        classes: keys of the data set's classes, for metrics by class.

    Means are over finite values only; infinite and undefined ones are counted beside them.
    """
    ordered = sorted(records, key=lambda record: record.sample)
    ok = [record for record in ordered if record.status == "ok"]
    drawn = [record for record in ordered if record.status != "skipped"]
    of_images = {name: text for name, text in signatures.items() if _declaration(name).aggregate == "image-mean"}
    holes = "".join(f"{record.sample} {record.hole_sha256}\n" for record in drawn)
    return CellRecord(
        key=key,
        labels=labels.as_dict(),
        n=len(ordered),
        n_failed=sum(record.status == "failed" for record in ordered),
        n_skipped=sum(record.status == "skipped" for record in ordered),
        hole_share=float(np.mean([record.hole_share for record in drawn])) if drawn else None,
        holes_sha256=hashlib.sha256(holes.encode()).hexdigest(),
        failures=_failures(ordered),
        metrics={name: _score(name, [r.values[name] for r in ok], text) for name, text in of_images.items()},
        by_class=_by_class(ok, of_images, classes),
    )


def _by_class(records: Sequence[Record], signatures: dict[str, str], classes: Sequence[str]) -> dict[str, Score]:
    """The scores of single classes. A class that a record does not name is undefined in its picture, and counted; one
    that is defined nowhere has no value."""
    scores = {}
    for name, text in signatures.items():
        if _declaration(name).by_class:
            for of_class in classes:
                values = [record.values.get(f"{name}.{of_class}", math.nan) for record in records]
                scores[f"{name}.{of_class}"] = _score(name, values, f"{text}|class:{of_class}")
    return scores


def _failures(records: Sequence[Record]) -> tuple[Failures, ...]:
    groups: dict[tuple[str, str], list[str]] = {}
    for record in records:
        if record.status != "ok":
            groups.setdefault((record.status, record.reason), []).append(record.sample)
    return tuple(
        Failures("failed" if status == "failed" else "skipped", reason, tuple(samples))
        for (status, reason), samples in sorted(groups.items())
    )


def _score(name: str, values: Sequence[float], signature: str) -> Score:
    every = np.asarray(values, dtype=np.float64)
    finite = every[np.isfinite(every)]
    declaration = _declaration(name)
    return Score(
        value=float(finite.mean()) if finite.size else None,
        ci95=mean_interval(finite) if finite.size > 1 else None,
        n=int(finite.size),
        n_infinite=int(np.isinf(every).sum()),
        n_undefined=int(np.isnan(every).sum()),
        unit=declaration.unit,
        higher_is_better=declaration.higher_is_better,
        signature=f"{signature}|n:{finite.size}",
    )


def _declaration(name: str) -> bench.metrics.MetricDeclaration:
    return bench.metrics.declaration(name.partition(".")[0])
