"""Time to compare and to gate 20 models on 6 protocols of 1,000 pictures, and to resample one metric."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy import stats

from bench import gating
from bench.metrics import definition, fid
from bench.metrics.resampling import half_sample_spread
from bench.records import CellKey, CellRecord, Record, RunLayout, Score, dump, read_run
from bench.records.schema import record_to_line
from bench.statistics import cluster_intervals, cluster_sums, sign_flip_p
from tests.support.runs import run_info

MODELS = [f"model-{index:02d}" for index in range(20)]
PROTOCOLS = [f"protocol-{index}@1" for index in range(6)]
UNITS = {"psnr": ("dB", True), "ssim": ("", True), "l1": ("%", False)}
METRICS = [f"{metric}.{region}" for metric in UNITS for region in ("full", "hole", "boundary", "known")]
PICTURES = 1000


def hashed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def write_run(out: Path, version: str) -> Path:
    """As the harness writes it, without waiting for the disk."""
    layout = RunLayout(out)
    out.mkdir()
    models = {name: hashed(name, version) for name in MODELS}
    layout.run_file.write_text(run_info(models, PROTOCOLS).to_json())
    for protocol in PROTOCOLS:
        level = np.random.default_rng(len(protocol)).normal(25, 4, (PICTURES, len(METRICS)))
        for number, (name, fingerprint) in enumerate(models.items()):
            noise = np.random.default_rng([number, *version.encode()]).normal(0, 0.5, level.shape)
            key = CellKey(name, fingerprint, protocol, "streets", "e" * 64)
            write_cell(layout, key, level + noise)
    return out


def write_cell(layout: RunLayout, key: CellKey, values: np.ndarray) -> None:
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
                hole_share=0.25,
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
    cell = CellRecord(key, {}, PICTURES, 0, 0, 0.25, hashed(key.protocol), (), scores)
    texts[layout.cell_file(key)] = cell.to_json()
    for path, text in texts.items():
        path.write_text(text)
    layout.done(key).write_text(
        dump({path.name: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()})
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return write_run(folder / "old", "old"), write_run(folder / "new", "new")


def parse(*outs: Path) -> int:
    """The floor: no verdict comes before every line has been parsed, a shard at a time as the reader does it."""
    texts = [file.read_text() for out in outs for file in out.rglob("*.jsonl")]
    return sum(len(record) for text in texts for record in json.loads("[" + ",".join(text.splitlines()) + "]"))


@pytest.mark.benchmark(group="20 models x 6 protocols x 1000 pictures", min_rounds=3)
@pytest.mark.parametrize("runs_parsed", [1, 2])
def test_parse_the_json_lines_only(benchmark: BenchmarkFixture, runs: tuple[Path, Path], runs_parsed: int) -> None:
    assert benchmark(parse, *runs[:runs_parsed]) == 9 * 120_000 * runs_parsed


@pytest.mark.benchmark(group="20 models x 6 protocols x 1000 pictures", min_rounds=3)
def test_compare_one_model_with_the_19_others(benchmark: BenchmarkFixture, runs: tuple[Path, Path]) -> None:
    def compare() -> gating.Comparison:
        first, rest = gating.others(gating.select(str(runs[0])))
        return gating.compare(first, *rest)

    assert benchmark(compare).tests == 19 * 6 * 12


@pytest.mark.benchmark(group="20 models x 6 protocols x 1000 pictures", min_rounds=3)
def test_compare_two_runs(benchmark: BenchmarkFixture, runs: tuple[Path, Path]) -> None:
    comparison = benchmark(lambda: gating.compare(*map(read_run, runs)))

    assert comparison.tests == 20 * 6 * 12


@pytest.mark.benchmark(group="20 models x 6 protocols x 1000 pictures", min_rounds=3)
@pytest.mark.parametrize("regression", [False, True])
def test_gate_two_runs(benchmark: BenchmarkFixture, runs: tuple[Path, Path], regression: bool) -> None:
    result = benchmark(lambda: gating.gate(read_run(runs[0]), read_run(runs[1]), regression=regression))

    assert len(result.findings) == 20 * 6 * (12 if regression else 4)


@pytest.mark.benchmark(group="10,000 draws over 1,000 pictures")
def test_interval_and_p_of_one_metric(benchmark: BenchmarkFixture) -> None:
    values = np.random.default_rng(0).normal(0.05, 1, 1000)

    def measure() -> float:
        columns = cluster_sums(values)
        low, _ = cluster_intervals(columns)
        return float(low[0] + sign_flip_p(columns)[0])

    benchmark(measure)


@pytest.mark.benchmark(group="10,000 draws over 1,000 pictures")
def test_interval_of_one_metric_by_scipy(benchmark: BenchmarkFixture) -> None:
    values = np.random.default_rng(0).normal(0.05, 1, 1000)

    benchmark(
        lambda: stats.bootstrap(
            (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(0)
        )
    )


@pytest.fixture(scope="module")
def features() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth, first, second = np.random.default_rng(0).normal(size=(3, 500, 2048)).astype(np.float32)
    return truth, truth + first / 2, truth + second


@pytest.mark.benchmark(group="interval of a difference of distances, 500 pictures, 2,048 features", min_rounds=3)
def test_fid_of_one_set(benchmark: BenchmarkFixture, features: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    assert benchmark(fid, features[0], features[1]) > 0


@pytest.mark.benchmark(group="interval of a difference of distances, 500 pictures, 2,048 features", min_rounds=3)
@pytest.mark.parametrize("kind", ["fid", "kid"])
def test_two_hundred_half_samples(
    benchmark: BenchmarkFixture, features: tuple[np.ndarray, np.ndarray, np.ndarray], kind: Literal["fid", "kid"]
) -> None:
    truth, first, second = features
    spread = benchmark(half_sample_spread, definition(kind), truth, [first, second], range(500))

    assert spread.shape == (2, 200)


@pytest.mark.benchmark(group="start", min_rounds=5)
@pytest.mark.parametrize("arguments", [["-m", "bench", "gate", "--help"], ["-c", "import typer.rich_utils"]])
def test_help(benchmark: BenchmarkFixture, arguments: list[str]) -> None:
    benchmark(lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True))
