"""What the gallery of the page knows: pictures, holes, fills, their values, and the extremes of all records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.records import CellKey
from bench.records.values import CellValues, Floats
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.page.labels import label_data
from bench.reporting.page.pictures import PagePictures

__all__ = ["gallery_data"]


def gallery_data(analysis: RunAnalysis, columns: Sequence[Column], pictures: PagePictures) -> dict[str, Any]:
    """Plain lists and dictionaries for JSON; the pictures that they name are added to `pictures`.

    `fills` is indexed by protocol, model and sample; `extremes` by protocol and model, with the worst and the best
    record of every measure over all pictures of the cell, kept or not.
    """
    run, models = analysis.run, analysis.models
    protocols = list(run.info.protocols)
    kept = [sample for sample in run.info.gallery if run.layout.truth(sample).exists()]
    shown = [column for column in columns if column.higher_is_better is not None]
    keys = {(key.protocol, key.model, key.fingerprint): key for key in analysis.cell_keys}
    grid = [[keys[protocol, *model.key] for model in models] for protocol in protocols]
    samples = [_sample(sample, pictures) for sample in kept]
    fills: list[list[Any]] = []
    extremes: list[list[Any]] = []
    for of_protocol in grid:
        cells = [(key, run.values(key) if key in run.cells else None) for key in of_protocol]
        fills.append([[_fill(key, sample, cell, shown, pictures) for sample in kept] for key, cell in cells])
        extremes.append([_extremes(cell, shown) for _, cell in cells])
    return {
        "protocols": protocols,
        "models": [{"name": model.title, "oracle": model.oracle} for model in models if protocols],
        "samples": samples,
        "measures": [_measure(column) for column in shown],
        "holes": [[pictures.hole(protocol, sample) for sample in kept] for protocol in protocols],
        "fills": fills,
        "extremes": extremes,
        **label_data(run, kept, grid, pictures),
    }


def _sample(sample: str, pictures: PagePictures) -> dict[str, Any]:
    width, height = pictures.size(sample)
    return {"id": sample, "truth": pictures.truth(sample), "width": width, "height": height}


def _measure(column: Column) -> dict[str, Any]:
    return {
        "metric": column.metric_title,
        "region": column.region,
        "title": column.title,
        "unit": column.unit,
        "higher": column.higher_is_better,
        "decimals": column.decimals,
    }


def _fill(
    key: CellKey, sample: str, cell: CellValues | None, columns: Sequence[Column], pictures: PagePictures
) -> dict[str, Any]:
    row = cell.row.get(sample) if cell else None
    if cell is None or row is None:
        return {"status": "missing", "reason": "not run yet"}
    if cell.status[row] != "ok":
        return {"status": cell.status[row], "reason": cell.reasons[sample]}
    picture = pictures.fill(key, sample)
    values = [_plain(cell.values[column.key][row]) if column.key in cell.values else None for column in columns]
    return {"status": "ok", "picture": picture, "values": values} | ({} if picture else {"reason": "not kept"})


def _plain(value: float) -> float | str | None:
    """Six digits, for JSON, which knows neither infinities nor NaN."""
    if math.isnan(value):
        return None
    return float(f"{value:.6g}") if math.isfinite(value) else str(value)


def _extremes(cell: CellValues | None, columns: Sequence[Column]) -> list[list[Any]]:
    """A column a line: id and value of the worst picture, id and value of the best, or nothing."""
    if cell is None:
        return [[] for _ in columns]
    lines = []
    for column in columns:
        ends = _ends(cell.values.get(column.key, np.empty(0)))
        ordered = ends if column.higher_is_better else ends[::-1]
        lines.append([part for row in ordered for part in (cell.samples[row], _plain(cell.values[column.key][row]))])
    return lines


def _ends(values: Floats) -> list[int]:
    """Rows of the first of the least and the last of the greatest values; an exact picture is the best of all."""
    defined = np.flatnonzero(~np.isnan(values))
    if not len(defined):
        return []
    return [int(defined[np.argmin(values[defined])]), int(defined[::-1][np.argmax(values[defined[::-1]])])]
