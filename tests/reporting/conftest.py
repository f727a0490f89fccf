from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.records import (
    CellKey,
    CellRecord,
    Failures,
    ModelInfo,
    ModelSize,
    Record,
    Run,
    RunInfo,
    RunLayout,
    Score,
    read_run,
    write_atomically,
    write_cell,
    write_shard,
)
from bench.records.caps import capped
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.cost import profile_of
from bench.reporting.page import write_page
from bench.reporting.tables.files import write_tables
from tests.support.browser import available, start_browser
from tests.support.runs import dataset_info, run_info

UNITS = {
    "psnr": ("dB", True),
    "ssim": ("", True),
    "l1": ("%", False),
    "fid": ("", False),
    "mat-psnr": ("dB", True),
    "mat-l1": ("", False),
    "brushbench-mse": ("", False),
    **dict.fromkeys(("judge-miou", "judge-boundary-f", "judge-miou-ceiling"), ("%", True)),
}

Value = Callable[[str, str, int, str], float]


def plain_value(model: str, protocol: str, index: int, key: str) -> float:
    """Some number for (model, protocol, picture, metric.region), different for each."""
    digest = hashlib.sha256(f"{model} {protocol} {index} {key}".encode()).digest()
    unit = int.from_bytes(digest[:4], "big") / 2**32
    return {"psnr": 20 + 10 * unit, "ssim": 0.5 + unit / 2, "l1": 10 * unit}.get(key.partition(".")[0], 100 * unit)


def quarter(index: int) -> float:
    return 0.25


@dataclass
class Recipe:
    """What a synthetic run holds."""

    models: Sequence[str] = ("telea", "mean")
    protocols: Sequence[str] = ("center-50@1",)
    metrics: Sequence[str] = ("psnr.hole", "psnr.full", "psnr.known", "ssim.hole", "l1.hole")
    n: int = 6
    value: Value = plain_value
    oracles: Sequence[str] = ()
    failed: Mapping[str, Sequence[int]] = field(default_factory=dict)
    skipped: Sequence[int] = ()
    missing: Sequence[tuple[str, str]] = ()
    reason: str = "the model must return a prediction; found RuntimeError: out of memory."
    classes: Sequence[str] = ()
    share: Callable[[int], float] = quarter
    gallery: int = 2
    size: tuple[int, int] = (32, 48)
    by_class: Sequence[str] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    signature: str = "v1"
    info: Mapping[str, Any] = field(default_factory=dict)


def build(out: Path, recipe: Recipe) -> Path:
    """Write a run as the harness does, through the records' own writers."""
    layout = RunLayout(out)
    info = _info(recipe)
    write_atomically(layout.run_file, info.to_json())
    for model in info.models:
        for protocol in recipe.protocols:
            if (model.name, protocol) not in recipe.missing:
                key = CellKey(model.name, model.fingerprint, protocol, "streets", info.dataset.revision)
                _write_cell(layout, key, recipe, model.labels)
    _write_gallery(layout, recipe)
    return out


def _info(recipe: Recipe) -> RunInfo:
    height, width = recipe.size
    return run_info(
        [_model(recipe, name) for name in recipe.models],
        recipe.protocols,
        dataset=dataset_info(
            size=f"{height}x{width}", revision="0123456789abcdef", n=recipe.n, classes=tuple(recipe.classes)
        ),
        metrics={key: f"{key.replace('.', '|region:')}|v1" for key in recipe.metrics},
        **{"gallery": tuple(_sample(index) for index in range(min(recipe.gallery, recipe.n))), **recipe.info},
    )


def _model(recipe: Recipe, name: str) -> ModelInfo:
    labels = {"context": "oracle" if name in recipe.oracles else "none", "hole": "none"}
    size = ModelSize(*recipe.sizes[name]) if name in recipe.sizes else None
    return ModelInfo(name, hashlib.sha256(name.encode()).hexdigest(), labels, size=size)


def _sample(index: int) -> str:
    return f"town/{index:04d}"


def _records(key: CellKey, recipe: Recipe) -> list[Record]:
    records = []
    for index in range(recipe.n):
        if index in recipe.skipped:
            records.append(Record(_sample(index), "skipped", "no object of a countable class"))
        elif index in recipe.failed.get(key.model, ()):
            records.append(Record(_sample(index), "failed", recipe.reason, hole_share=recipe.share(index)))
        else:
            names = (*recipe.metrics, *recipe.by_class)
            every = {name: recipe.value(key.model, key.protocol, index, name) for name in names}
            values = {name: value for name, value in every.items() if name in recipe.metrics or not math.isnan(value)}
            records.append(Record(_sample(index), "ok", hole_share=recipe.share(index), values=values))
    return records


def _write_cell(layout: RunLayout, key: CellKey, recipe: Recipe, labels: dict[str, str]) -> None:
    records = _records(key, recipe)
    ok = [record for record in records if record.status == "ok"]
    drawn = [record.hole_share for record in records if record.status != "skipped"]
    groups: dict[tuple[str, str], list[str]] = {}
    for record in records:
        if record.status != "ok":
            groups.setdefault((record.status, record.reason), []).append(record.sample)
    cell = CellRecord(
        key=key,
        labels=labels,
        n=len(records),
        n_failed=sum(record.status == "failed" for record in records),
        n_skipped=sum(record.status == "skipped" for record in records),
        hole_share=sum(drawn) / len(drawn) if drawn else None,
        holes_sha256="ab",
        failures=tuple(
            Failures("failed" if status == "failed" else "skipped", reason, tuple(samples))
            for (status, reason), samples in groups.items()
        ),
        metrics={name: _score(name, [record.values[name] for record in ok], recipe) for name in recipe.metrics},
        by_class={name: _score(name, [r.values.get(name, math.nan) for r in ok], recipe) for name in recipe.by_class},
        notes=dict(recipe.notes),
    )
    write_shard(layout.shard(key, 0), records)
    write_cell(layout, cell, 1)


def _score(name: str, values: Sequence[float], recipe: Recipe) -> Score:
    signature = f"{name.replace('.', '|region:')}|{recipe.signature}"
    finite = [value for value in capped(np.array(values, dtype=float), signature).tolist() if math.isfinite(value)]
    unit, higher = UNITS[name.partition(".")[0]]
    mean = sum(finite) / len(finite) if finite else None
    return Score(
        value=mean,
        ci95=(mean - 1, mean + 1) if mean is not None and len(finite) > 1 else None,
        n=len(finite),
        n_infinite=sum(map(math.isinf, values)),
        n_undefined=sum(map(math.isnan, values)),
        unit=unit,
        higher_is_better=higher,
        signature=f"{signature}|n:{len(finite)}",
    )


def _write_gallery(layout: RunLayout, recipe: Recipe) -> None:
    height, width = recipe.size
    truth = np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    hole = np.zeros((height, width), bool)
    hole[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
    for index in range(min(recipe.gallery, recipe.n)):
        _save(layout.truth(_sample(index)), truth)
        for protocol in recipe.protocols:
            if index in recipe.skipped:
                continue
            _save(layout.hole(protocol, _sample(index)), hole.astype(np.uint8) * 255)
            for model in recipe.models:
                key = CellKey(
                    model, hashlib.sha256(model.encode()).hexdigest(), protocol, "streets", "0123456789abcdef"
                )
                if (model, protocol) not in recipe.missing and index not in recipe.failed.get(model, ()):
                    _save(layout.fill(key, _sample(index)), np.where(hole[..., None], np.uint8(90), truth))


def _save(path: Path, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """`make_run(models=..., value=..., ...)`: a run on disk, the fields of Recipe by name."""

    def make(name: str = "out", **fields: Any) -> Path:
        return build(tmp_path / name, Recipe(**fields))

    return make


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Chromium without a window."""
    pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not available():
        pytest.skip("no chromium with its chromedriver on the PATH")
    driver = start_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


def no_labels(run: Run) -> None:
    """A run without label maps."""


@pytest.fixture
def show(browser: Any, make_run: Callable[..., Path]) -> Iterator[Callable[..., Any]]:
    """`show(models=..., ...)`: the browser with the page of such a run; at the end it must not have complained.

    `add(run)` may put more files into the run before.
    """

    def open_page(add: Callable[[Run], None] = no_labels, **fields: Any) -> Any:
        run = read_run(make_run(**fields))
        add(run)
        cost = profile_of(run)
        analysis = RunAnalysis(run)
        browser.get(write_page(analysis, write_tables(analysis, profile=cost), (), cost).as_uri())
        return browser

    for log in ("browser", "performance"):
        browser.get_log(log)
    yield open_page
    assert browser.get_log("browser") == []
