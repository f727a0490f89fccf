"""What a person waits for: the start of the command line, and what the harness adds to models and metrics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.evaluation.run import run_suite
from bench.evaluation.suite import read_suite


@pytest.mark.benchmark(group="start of the command line")
@pytest.mark.parametrize("arguments", ["--help", "ls models", "run --help"])
def test_start(benchmark: Any, arguments: str) -> None:
    command = [sys.executable, "-m", "bench", *arguments.split()]

    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=7, warmup_rounds=1)


@pytest.mark.benchmark(group="start of the command line")
def test_start_of_python_with_typer(benchmark: Any) -> None:
    command = [sys.executable, "-c", "import typer, rich.console"]

    benchmark.pedantic(lambda: subprocess.run(command, check=True), rounds=7, warmup_rounds=1)


@pytest.mark.benchmark(group="harness overhead on the quick suite")
def test_overhead(benchmark: Any, tmp_path: Path) -> None:
    suite = read_suite("quick")
    run_suite(suite.with_changes(limit=2), tmp_path / "warm")  # compiles

    outcome = benchmark.pedantic(run_suite, (suite, tmp_path / "out"), rounds=1)

    useful = outcome.phases.seconds["model"] + outcome.phases.seconds["metrics"]
    benchmark.extra_info["overhead"] = f"{1 - useful / outcome.wall:.1%}"
    assert useful > 0.9 * outcome.wall, outcome.phases.seconds
