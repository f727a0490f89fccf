"""What a person waits for when a large report opens, and what it weighs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bench.records import CellKey, CellRecord, Record, RunLayout, Score, read_run, write_atomically, write_cell
from bench.records import write_shard as write_records
from bench.reporting.analysis import RunAnalysis
from bench.reporting.page import write_page
from tests.support.runs import dataset_info, run_info

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MODELS, PROTOCOLS, PICTURES, SIZE = 12, 3, 24, 256
OPENS = """
const done = arguments[0];
const ready = performance.getEntriesByName('ready')[0].startTime;
const tiles = [...document.querySelectorAll('#tiles img')];
Promise.all(tiles.map((image) => image.decode())).then(() => done([ready, performance.now()]));
"""


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, compress_level=1)


def regions(draw: np.random.Generator) -> npt.NDArray[np.uint8]:
    """uint8 [SIZE, SIZE] of 11 classes: 60 cells with ragged borders, more than a street scene has."""
    seeds, classes = draw.uniform(0, SIZE, (60, 2)), draw.integers(0, 11, 60).astype(np.uint8)
    places = np.indices((SIZE, SIZE)) + draw.normal(0, 1, (2, SIZE, SIZE))
    distances = [np.square(place[..., None] - seed) for place, seed in zip(places, seeds.T, strict=True)]
    labels: npt.NDArray[np.uint8] = classes[np.add(*distances).argmin(-1)]
    return labels


def build(out: Path) -> Path:
    """A run whose holes are a quarter of each picture and whose fills are noise, which no format makes small.

    All models complete label maps.
    """
    layout, draw = RunLayout(out), np.random.default_rng(0)
    names = [f"{index:02d}" for index in range(PICTURES)]
    models = {f"model-{m}": f"{m:064x}" for m in range(MODELS)}
    protocols = [f"protocol-{p}@1" for p in range(PROTOCOLS)]
    classes = tuple(f"class-{c}" for c in range(11))
    dataset = dataset_info(name="noise", revision="0" * 64, size=str(SIZE), n=PICTURES, classes=classes)
    info = run_info(models, protocols, dataset=dataset, metrics={"psnr.hole": ""}, gallery=tuple(names))
    write_atomically(layout.run_file, info.to_json())
    hole = np.zeros((SIZE, SIZE), bool)
    hole[64:192, 64:192] = True
    for name in names:
        truth = draw.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
        save(layout.truth(name), truth)
        labels = regions(draw)
        save(layout.labels(name), labels)
        for protocol in protocols:
            save(layout.hole(protocol, name), hole.astype(np.uint8) * 255)
            for model in models.items():
                key = CellKey(*model, protocol, "noise", "0" * 64)
                save(layout.fill(key, name), np.where(hole[..., None], np.roll(truth, 7, axis=0), truth))
                save(layout.predicted_labels(key, name), np.roll(labels, 7, axis=0))
    for model in models.items():
        for protocol in protocols:
            key = CellKey(*model, protocol, "noise", "0" * 64)
            write_records(layout.shard(key, 0), [Record(name, "ok", values={"psnr.hole": 20.0}) for name in names])
            score = Score(20.0, (19.0, 21.0), PICTURES, 0, 0, "dB", True, "psnr")
            cell = CellRecord(key, {}, PICTURES, 0, 0, 0.25, "ab", (), {"psnr.hole": score})
            write_cell(layout, cell, 1)
    return out


@pytest.mark.benchmark(group="report page of 12 models x 3 protocols x 24 pictures")
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its chromedriver on the PATH")
def test_a_large_page_opens(benchmark: Any, tmp_path: Path) -> None:
    page = write_page(RunAnalysis(read_run(build(tmp_path / "out"))))
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    times: list[tuple[float, float]] = []

    def open_page() -> None:
        driver.get(page.as_uri())
        times.append(driver.execute_async_script(OPENS))

    benchmark.pedantic(open_page, rounds=5, warmup_rounds=1)
    driver.quit()
    ready, shown = np.median(times, axis=0) / 1000
    megabytes = page.stat().st_size / 1e6
    benchmark.extra_info.update(ready=f"{ready:.2f} s", shown=f"{shown:.2f} s", weight=f"{megabytes:.1f} MB")
    assert megabytes < 40
    assert shown < 2
