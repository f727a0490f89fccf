"""What the gallery of the page knows: pictures, holes, fills, their values, and the extremes of all records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.records import CellKey, Run
from bench.records.cases import CASES, worst_and_best
from bench.records.values import CellValues
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.page.labels import label_data
from bench.reporting.page.pictures import PagePictures

__all__ = ["gallery_data"]

Ends = dict[str, list[tuple[str, float | str | None]]]
"""`worst` and `best` to ids and values."""

_MOST_SAMPLES = 48
"""Pictures on the page: at 256 x 256 the truths and label maps of so many are 8 MB."""


def gallery_data(analysis: RunAnalysis, columns: Sequence[Column], pictures: PagePictures) -> dict[str, Any]:
    """Plain lists and dictionaries for JSON; the pictures that they name are added to `pictures`.

    `removals` says of each protocol whether it removes objects, and `without`, by protocol and sample, names the
    picture without them. `fills` is indexed by protocol, model and sample; `extremes` by protocol, model and measure:
    the ids and values of the worst and of the best pictures of the cell, kept or not.
    """
    run, models = analysis.run, analysis.models
    protocols = list(run.info.protocols)
    shown = [column for column in columns if column.higher_is_better is not None]
    keys = {(key.protocol, key.model, key.fingerprint): key for key in analysis.cell_keys}
    grid = [[keys[protocol, *model.key] for model in models] for protocol in protocols]
    cells = {key: run.values(key) for of_protocol in grid for key in of_protocol if key in run.cells}
    extremes = [[_extremes(cells.get(key), shown) for key in of_protocol] for of_protocol in grid]
    kept = _kept(run, extremes)
    samples = [_sample(sample, sample in run.info.gallery, pictures) for sample in kept]
    fills = [
        [[_fill(key, sample, cells.get(key), shown, pictures) for sample in kept] for key in of_protocol]
        for of_protocol in grid
    ]
    return {
        "protocols": protocols,
        "models": [{"name": model.title, "oracle": model.oracle} for model in models if protocols],
        "samples": samples,
        "measures": [_measure(column) for column in shown],
        "removals": [protocol in run.info.tasks for protocol in protocols],
        "without": [[_without(run, protocol, sample, pictures) for sample in kept] for protocol in protocols],
        "holes": [[pictures.hole(protocol, sample) for sample in kept] for protocol in protocols],
        "fills": fills,
        "extremes": extremes,
        **label_data(run, kept, grid, pictures),
    }


def _kept(run: Run, extremes: Sequence[Sequence[Sequence[Ends]]]) -> list[str]:
    """The gallery, the worst and best of all models by the first measure, then what else was kept, up to a limit."""
    by_first = [of_model[0] for of_protocol in extremes for of_model in of_protocol if of_model]
    cases = [end[rank][0] for rank in range(CASES) for ends in by_first for end in ends.values() if rank < len(end)]
    folder = run.layout.truths
    others = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.png"))
    wanted = dict.fromkeys([*run.info.gallery, *cases, *others])
    found = [sample for sample in wanted if run.layout.truth(sample).exists()]
    return found[: max(_MOST_SAMPLES, len(run.info.gallery))]


def _sample(sample: str, in_gallery: bool, pictures: PagePictures) -> dict[str, Any]:
    width, height = pictures.size(sample)
    return {"id": sample, "gallery": in_gallery, "truth": pictures.truth(sample), "width": width, "height": height}


def _without(run: Run, protocol: str, sample: str, pictures: PagePictures) -> str | None:
    return pictures.removal_truth(protocol, sample) if protocol in run.info.tasks else None


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


def _extremes(cell: CellValues | None, columns: Sequence[Column]) -> list[Ends]:
    """A column a line: id and value of the worst pictures and of the best ones."""
    if cell is None:
        return [{"worst": [], "best": []} for _ in columns]
    lines = []
    for column in columns:
        sign = -1.0 if column.higher_is_better else 1.0
        values = sign * cell.values.get(column.key, np.full(len(cell.samples), np.nan))
        pairs = [pair for pair in zip(values.tolist(), cell.samples, strict=True) if not math.isnan(pair[0])]
        named = zip(("worst", "best"), worst_and_best(pairs), strict=True)
        lines.append({name: [(sample, _plain(sign * cost)) for cost, sample in end] for name, end in named})
    return lines
