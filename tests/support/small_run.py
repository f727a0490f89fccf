"""A small run in this process, and what it leaves on disk."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from bench.cli import main

__all__ = ["WRONG", "call", "compare_trees", "run_arguments", "tree", "write_pictures"]

WRONG = ("lost", "duplicated", "differing")
"""What can be wrong with an output folder."""

_NOT_COMPARED = ("log.txt", ".lock")
"""Tracebacks of commands that failed, and the lock, which holds nothing."""


def write_pictures(root: Path, count: int, size: int = 32) -> Path:
    """A `folder` data set of random pictures; returns `root`."""
    (root / "images").mkdir(parents=True)
    random = np.random.default_rng(0)
    for index in range(count):
        pixels = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"p{index:03d}.png")
    return root


def run_arguments(pictures: Path, out: Path, *others: str) -> list[str]:
    """`spgbench run` of two models with kept fills and no report."""
    words = "run --models mean,telea --dataset folder --size 32 --protocols center-50 --metrics psnr,l1 --no-report"
    return [*words.split(), "--keep-fills", "--data-root", str(pictures), "-o", str(out), *others]


def call(arguments: Sequence[str | Path]) -> tuple[int, str]:
    """A command in this process, as the entry point runs it: exit code and stderr."""
    error, output = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["spgbench", *map(str, arguments)]),
        contextlib.redirect_stderr(error),
        contextlib.redirect_stdout(output),
    ):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0), error.getvalue()
    return 0, error.getvalue()


def tree(out: Path) -> dict[str, bytes]:
    """Every file of an output folder that has to be the same after a fault."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in _NOT_COMPARED)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def compare_trees(found: dict[str, bytes], undisturbed: dict[str, bytes]) -> Counter[str]:
    """How two output folders differ, as `tree` reads them: records `lost` and `duplicated`, files `differing`."""
    before, after = _records(undisturbed), _records(found)
    names = found.keys() | undisturbed.keys()
    differing = sum(found.get(name) != undisturbed.get(name) for name in names)
    return Counter(dict(zip(WRONG, ((before - after).total(), (after - before).total(), differing), strict=True)))


def _records(files: dict[str, bytes]) -> Counter[tuple[str, str]]:
    """How often each sample of each cell is recorded."""
    counted: Counter[tuple[str, str]] = Counter()
    for name, content in files.items():
        if name.endswith(".jsonl"):
            cell = name.rpartition("/")[0]
            counted.update((cell, json.loads(line)["sample"]) for line in content.splitlines())
    return counted
