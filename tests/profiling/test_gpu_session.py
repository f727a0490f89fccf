"""The command for a GPU machine reads what the commands print, and goes on after a failure."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from bench.records.profile import Configuration
from tests.support.gpu import children, session
from tests.support.gpu.device_reference import NEEDED, rounds, rows
from tests.support.gpu.fast_processes import compile_kernels, processes_that_start_fast
from tests.support.gpu.session import Step, verdicts

TRAINING = """\
small 256x256 batch 16 called:   204.0 pictures/s,   78.4 ms a step, 0.1% waiting for data, first 10 steps 2.0 s
small 256x256 batch 16 graph :   900.0 pictures/s,   17.8 ms a step, 6.2% waiting for data, first 10 steps 2.0 s
    4.41 times as fast
"""


def test_figures_are_held_to_the_targets() -> None:
    assert session.of_training(TRAINING) == [
        "reached: training small, batch 16: at least 4 times the pictures/s: 4.41",
        "MISSED: training small, batch 16: at most 5 % waiting for data: 6.2",
    ]
    assert session.of_run("ratio 6.1 (at least 5 wanted)\nGPU busy 71% (at least 80% wanted), by NVML\n") == [
        "reached: run standard: at least 5 times as fast as two CPU cores: 6.1",
        "MISSED: run standard: GPU busy at least 80 % (NVML): 71",
    ]
    assert session.of_tests("FAILED tests/a.py::b - assert 1\n= 1 failed, 3 passed in 2 s =\n") == [
        "FAILED: FAILED tests/a.py::b - assert 1",
        "tests: 1 failed, 3 passed in 2 s",
    ]


def test_a_step_is_stopped_in_time_and_keeps_what_it_printed(tmp_path: Path) -> None:
    step = Step("slow", ("-c", "import time; print('one', flush=True); time.sleep(60)"), 2, session.of_figures)

    head, figure = verdicts(step, tmp_path, left=100)

    assert "stopped after 2 s" in head
    assert figure == "one"
    assert verdicts(step, tmp_path, left=1) == ["not measured: slow: no time left"]


def test_a_step_that_fails_says_so(tmp_path: Path) -> None:
    step = Step("bad", ("-c", "raise SystemExit(3)"), 50, session.of_figures)

    assert "exit 3" in verdicts(step, tmp_path, left=100)[0]


def test_a_checkout_that_is_not_installed_has_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(children, "version", absent)
    code = "from importlib.metadata import distributions; print(*(d.version for d in distributions(name='spgbench')))"

    command = [sys.executable, "-c", code]
    found = subprocess.run(
        command, env=children.child_environment(tmp_path), capture_output=True, text=True, check=True
    )

    assert found.stdout.split()[0]
    assert (tmp_path / "metadata").is_dir()


def test_the_lines_of_the_targets_are_measured_first_and_each_line_once() -> None:
    lines = [Configuration(side, side, batch) for side in (256, 512) for batch in (1, 8)] + [Configuration(1024, 2048)]
    names = tuple(rows(Path(), "cuda:0"))

    first, others, last = rounds(names, lines)

    assert {name: sweep.configurations() for name, sweep in first.items()} == NEEDED
    assert list(first) == ["small-graph", "small-exact", "paper-graph", "paper-exact"]
    assert list(others) == list(first)
    assert list(last) == ["small-fast", "paper-fast"]
    measured = [(name, line) for one in (first, others, last) for name in one for line in one[name].configurations()]
    assert sorted(measured, key=str) == sorted(((name, line) for name in names for line in lines), key=str)
    few = rounds(names, lines[:1])
    assert [list(one) for one in few] == [list(first), list(last)]
    cpu = tuple(rows(Path(), "cpu"))
    (every,) = rounds(cpu, lines)
    assert {name: sweep.configurations() for name, sweep in every.items()} == dict.fromkeys(cpu, tuple(lines))


def test_kernels_are_compiled_by_processes_at_the_same_time() -> None:
    with processes_that_start_fast(("bench.profiling.measure", "tests.profiling.toys")):
        said = compile_kernels({"good": "mean", "bad": "nosuch"}, "cpu")

    assert "good (exit 0), bad (exit 1)" in said
