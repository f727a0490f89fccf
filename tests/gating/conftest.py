from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.records import (
    CellKey,
    CellRecord,
    ModelInfo,
    ModelSize,
    Record,
    Run,
    RunLayout,
    Score,
    read_run,
    write_atomically,
    write_cell,
    write_shard,
)
from bench.records.features import write_features
from tests.support.runs import NO_LABELS, dataset_info, run_info

UNITS = {"psnr": ("dB", True), "ssim": ("", True), "l1": ("%", False), "class-left-ceiling": ("%", False)}


def no_change(model: str, metric: str, index: int) -> float:
    return 0.0


def own_picture(sample: str) -> str:
    return f"picture {sample}"


@dataclass
class Recipe:
    """What a synthetic run holds; models of one fingerprint have the same weights."""

    models: Mapping[str, str] = field(default_factory=lambda: {"net": "a"})
    protocols: Sequence[str] = ("center-50@1",)
    metrics: Sequence[str] = ("psnr.hole", "ssim.hole", "l1.hole")
    ids: Sequence[str] = tuple(f"p{index:03d}" for index in range(40))
    change: Callable[[str, str, int], float] = no_change
    value: Callable[[str, int], float] | None = None
    failed: Sequence[str] = ()
    missing: Sequence[str] = ()
    revision: str = "r" * 64
    hole: str = "hole"
    picture: Callable[[str], str] = own_picture
    signature: str = "v1"
    by_class: Sequence[str] = ()
    distances: Mapping[str, float] = field(default_factory=dict)
    features: Callable[[str], Sequence[float]] | None = None
    untouched: Callable[[str], Sequence[float]] | None = None
    networks: Sequence[str] = ()
    info: Mapping[str, Any] = field(default_factory=dict)


def usual(metric: str, index: int) -> float:
    """Some value for (metric, picture), the same in every run."""
    unit = np.random.default_rng([index, *metric.encode()]).uniform()
    values = {"psnr": 20 + 10 * unit, "ssim": 0.5 + unit / 2, "l1": 5 + 5 * unit, "class-left-ceiling": 3.0}
    return values[metric.partition(".")[0]]


def build(out: Path, recipe: Recipe) -> Path:
    layout = RunLayout(out)
    info = run_info(
        [
            ModelInfo(name, mark * 64, NO_LABELS, size=ModelSize(1, 1) if name in recipe.networks else None)
            for name, mark in recipe.models.items()
        ],
        recipe.protocols,
        dataset=dataset_info(revision=recipe.revision, n=len(recipe.ids)),
        metrics={metric: metric for metric in recipe.metrics},
        **recipe.info,
    )
    write_atomically(layout.run_file, info.to_json())
    for name, mark in recipe.models.items():
        for protocol in recipe.protocols:
            if protocol not in recipe.missing:
                _write_cell(layout, CellKey(name, mark * 64, protocol, "streets", recipe.revision), recipe)
    return out


def _write_cell(layout: RunLayout, key: CellKey, recipe: Recipe) -> None:
    records = [_record(key.model, key.protocol, index, sample, recipe) for index, sample in enumerate(recipe.ids)]
    holes = "".join(f"{record.sample} {record.hole_sha256}\n" for record in records)
    ok = [record for record in records if record.status == "ok"]
    write_shard(layout.shard(key, 0), records)
    if recipe.features:
        _write_features(layout.features(key, 0), [record.sample for record in ok], recipe)
    cell = CellRecord(
        key=key,
        labels={"context": "none", "hole": "none"},
        n=len(records),
        n_failed=len(records) - len(ok),
        n_skipped=0,
        hole_share=0.25,
        holes_sha256=hashlib.sha256(holes.encode()).hexdigest(),
        failures=(),
        metrics={m: _score(m, [record.values[m] for record in ok], recipe.signature) for m in recipe.metrics}
        | {name: _distance(name, value, len(ok)) for name, value in recipe.distances.items()},
        by_class={m: _score(m, [record.values[m] for record in ok], recipe.signature) for m in recipe.by_class},
    )
    write_cell(layout, cell, 1)


def _write_features(path: Path, samples: Sequence[str], recipe: Recipe) -> None:
    sides = {"fid": recipe.features, "truth-fid": recipe.untouched}
    rows = {name: [feature(sample) for sample in samples] for name, feature in sides.items() if feature}
    write_features(path, samples, {name: np.array(of_side, np.float32) for name, of_side in rows.items()})


def _distance(name: str, value: float, n: int) -> Score:
    return Score(value, None, n, 0, 0, "", False, f"{name.replace('.', '|region:')}|agg:set|composite:yes|v1|n:{n}")


def _record(model: str, protocol: str, index: int, sample: str, recipe: Recipe) -> Record:
    picture, hole = recipe.picture(sample), f"{recipe.hole} {protocol} {sample}"
    if sample in recipe.failed:
        return Record(sample, "failed", "the model raised", image_sha256=picture, hole_sha256=hole)
    value = recipe.value or usual
    names = (*recipe.metrics, *recipe.by_class)
    values = {metric: value(metric, index) + recipe.change(model, metric, index) for metric in names}
    return Record(sample, "ok", image_sha256=picture, hole_sha256=hole, hole_share=0.25, values=values)


def _score(metric: str, values: Sequence[float], signature: str) -> Score:
    finite = [value for value in values if math.isfinite(value)]
    unit, higher = UNITS[metric.partition(".")[0]]
    text = f"{metric.replace('.', '|region:')}|range:255|{signature}|n:{len(finite)}"
    mean = sum(finite) / len(finite) if finite else None
    infinite, undefined = sum(map(math.isinf, values)), sum(map(math.isnan, values))
    return Score(mean, None, len(finite), infinite, undefined, unit, higher, text)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """`make_run("name", models=..., change=..., ...)`: a run on disk, the fields of Recipe by name."""

    def make(name: str = "out", **fields: Any) -> Run:
        return read_run(build(tmp_path / name, Recipe(**fields)))

    return make
