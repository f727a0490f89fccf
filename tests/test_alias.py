"""`spgbench` and `bench` are one package under two names."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import bench
import bench.metrics

spgbench = import_module("spgbench")
"""Imported by name: type checkers would read its file a second time as `bench.alias.spgbench`."""


def test_both_names_hold_the_same_objects() -> None:
    for name in ("data", "evaluate", "masks", "metrics", "models"):
        assert getattr(spgbench, name) is getattr(bench, name)
    assert spgbench.__version__ == bench.__version__ == version("spgbench")
    assert import_module("spgbench.metrics").psnr is bench.metrics.psnr


@pytest.mark.parametrize("module", ["reporting.tables.markdown", "errors", "metrics.pixel.psnr"])
def test_a_module_is_read_once(module: str) -> None:
    alias = import_module(f"spgbench.{module}")

    assert alias is import_module(f"bench.{module}")
    assert alias.__spec__ is not None
    assert alias.__name__ == alias.__spec__.name == f"bench.{module}"


def test_other_names_are_missing() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'spgbench\.nonsense'"):
        import_module("spgbench.nonsense")
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = spgbench.nonsense


def test_it_runs_the_command_and_its_import_is_light() -> None:
    light = "import sys, bench, spgbench; from spgbench import metrics; assert bench.metrics is metrics; "
    light += "assert not {'torch', 'matplotlib', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", light], check=True)

    command = [sys.executable, "-m", "spgbench", "ls", "suites"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.startswith("quick ")
