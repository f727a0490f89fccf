"""Time and memory of the report of 20 models on 6 protocols of 1,000 pictures: tables, plots and page."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.records import CellKey, CellRecord, Record, RunLayout, Score, dump
from bench.records.schema import record_to_line
from tests.support.runs import dataset_info, run_info

MODELS = [f"model-{index:02d}" for index in range(20)]
PROTOCOLS = [f"protocol-{index}@1" for index in range(6)]
UNITS = {"psnr": ("dB", True), "ssim": ("", True), "l1": ("%", False)}
METRICS = [f"{metric}.{region}" for metric in UNITS for region in ("full", "hole", "boundary", "known")]
PICTURES = 1000
REPORT = """
import json, resource, sys
from pathlib import Path
from bench.reporting import report
report(Path(sys.argv[1]))
print(json.dumps({"kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def hashed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def write_run(out: Path) -> Path:
    """As the harness writes it, without waiting for the disk."""
    layout = RunLayout(out)
    out.mkdir()
    info = run_info(
        {name: hashed(name) for name in MODELS},
        PROTOCOLS,
        dataset=dataset_info(n=PICTURES, classes=("road",)),
        metrics=dict.fromkeys(METRICS, ""),
    )
    layout.run_file.write_text(info.to_json())
    for number, protocol in enumerate(PROTOCOLS):
        level = np.random.default_rng(number).normal(25, 4, (PICTURES, len(METRICS)))
        share = np.random.default_rng(number).uniform(0.05, 0.6, PICTURES)
        for skill, model in enumerate(MODELS):
            noise = np.random.default_rng([number, skill]).normal(skill / 20, 0.5, level.shape)
            key = CellKey(model, hashed(model), protocol, "streets", "e" * 64)
            write_cell(layout, key, level + noise, share)
    return out


def write_cell(layout: RunLayout, key: CellKey, values: np.ndarray, share: np.ndarray) -> None:
    layout.cell(key).mkdir(parents=True)
    lines = [
        record_to_line(
            Record(
                f"street-{index:05d}",
                "ok",
                seed=index << 40,
                image_sha256=hashed(index),
                hole_sha256=hashed(index, key.protocol),
                output_sha256=hashed(index, key),
                hole_share=float(share[index]),
                values=dict(zip(METRICS, row.tolist(), strict=True)),
            )
        )
        for index, row in enumerate(values)
    ]
    texts = {layout.shard(key, start // 16): "".join(lines[start : start + 16]) for start in range(0, PICTURES, 16)}
    scores = {
        name: Score(float(column.mean()), None, PICTURES, 0, 0, *UNITS[name.partition(".")[0]], f"{name}|v1")
        for name, column in zip(METRICS, values.T, strict=True)
    }
    cell = CellRecord(key, {}, PICTURES, 0, 0, float(share.mean()), hashed(key.protocol), (), scores)
    texts[layout.cell_file(key)] = cell.to_json()
    for path, text in texts.items():
        path.write_text(text)
    layout.done(key).write_text(
        dump({path.name: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()})
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "large")


def parse(out: Path) -> int:
    """The floor: no table comes before every line has been parsed, a shard at a time as the reader does it."""
    texts = [file.read_text() for file in out.rglob("*.jsonl")]
    return sum(len(record) for text in texts for record in json.loads("[" + ",".join(text.splitlines()) + "]"))


@pytest.mark.benchmark(group="report of 20 models x 6 protocols x 1000 pictures", min_rounds=3)
def test_parse_the_json_lines_only(benchmark: BenchmarkFixture, run: Path) -> None:
    assert benchmark(parse, run) == 9 * 120_000


@pytest.mark.benchmark(group="report of 20 models x 6 protocols x 1000 pictures", min_rounds=3)
def test_report(benchmark: BenchmarkFixture, run: Path) -> None:
    """A fresh process, imports included, as a person waits for it; its peak memory is held to 1 GB."""

    def report() -> int:
        answer = subprocess.run([sys.executable, "-c", REPORT, run], check=True, capture_output=True, text=True)
        return int(json.loads(answer.stdout)["kilobytes"])

    peak = benchmark(report)
    benchmark.extra_info["peak"] = f"{peak / 1e6:.2f} GB"
    assert peak < 1e6
