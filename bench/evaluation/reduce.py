"""A whole cell's records to `cell.json`: once, in float64, sorted by sample id, whoever ran the shards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

import bench.metrics
from bench.records import CellKey, CellRecord, Failures, Record, Score
from bench.statistics import mean_interval
from bench.vocabulary import LabelAxes

__all__ = ["reduce_cell"]


def reduce_cell(key: CellKey, labels: LabelAxes, records: Sequence[Record], signatures: dict[str, str]) -> CellRecord:
    """Reduce the records of a cell.

    Args:
        signatures: `metric.region` to its signature: the numbers that the cell holds.

    Means are over finite values only; infinite and undefined ones are counted beside them.
    """
    ordered = sorted(records, key=lambda record: record.sample)
    ok = [record for record in ordered if record.status == "ok"]
    drawn = [record for record in ordered if record.status != "skipped"]
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
        metrics={name: _score(name, [r.values[name] for r in ok], text) for name, text in signatures.items()},
    )


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
    declaration = bench.metrics.declaration(name.partition(".")[0])
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
