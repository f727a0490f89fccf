"""Measures how far rounding moves a reference run's values: `python -m tests.support.golden_spread RUN`.

Runs the suite's models with networks in processes of their own, one for each setting of SETTINGS, then once more with a
share of all output values moved by one level; writes RUN/spread.jsonl (`bench.records.spread`). `make reference` calls
it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
import typer

import bench.data
import bench.models
from bench.data import parse_size
from bench.evaluation import run_suite
from bench.evaluation.suite import Suite, read_suite
from bench.profiling.environment import device_name
from bench.records import CellKey, Run, read_run
from bench.records.spread import CellSpread, MetricSpread, Spread, write_spread
from bench.records.values import CellValues, Floats
from bench.vocabulary import Inpainter
from tests.support.flipped import Direction, Flipped, Remembered, truths

SETTINGS: tuple[dict[str, str], ...] = (
    {"OMP_NUM_THREADS": "1"},
    {"OMP_NUM_THREADS": "2"},
    {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "ATEN_CPU_CAPABILITY": "avx512", "OMP_NUM_THREADS": "1"},
    {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "OMP_NUM_THREADS": "1"},
    {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "2"},
)
"""Environment variables of each process: the widest instructions of oneDNN, ATen and MKL, and how many threads."""

FLIP_SHARE = 1e-3
"""Share of output values that are moved by one level."""

FLIP_DRAWS = 4
"""So many random choices of the values to move, each away from the truth and towards it."""


def run_setting(reference: Run, setting: Mapping[str, str], out: Path) -> Run:
    """The networks of a run again, in a process that has the setting before it starts."""
    clean = {name: value for name, value in os.environ.items() if name not in {key for one in SETTINGS for key in one}}
    names = ",".join(networks(reference))
    command = [str(Path(sys.executable).with_name("spgbench")), "run", reference.info.suite, "--models", names]
    command += ["--device", "cpu", "-o", str(out)]
    subprocess.run(command, env=clean | dict(setting), check=True, stdout=subprocess.DEVNULL)
    return read_run(out)


def run_flipped(suite: Suite, names: Sequence[str], out: Path) -> Run:
    """The suite with every draw of flips of each model; and the models as they are, in this very process."""
    dataset = bench.data.load(suite.dataset, suite.split, parse_size(suite.size), None, suite.limit)
    truth = truths(dataset)
    models: list[Inpainter] = []
    for name in names:
        model = Remembered(bench.models.load(name))
        ways = product(range(FLIP_DRAWS), get_args(Direction))
        models += [model, *(Flipped(model, truth, FLIP_SHARE, draw, way) for draw, way in ways)]
    return run_suite(suite, out, device="cpu", models=models).run


def networks(run: Run) -> list[str]:
    """Names of the models that hold torch modules."""
    return [model.name for model in run.info.models if model.size]


def spread_of(values: Sequence[Floats]) -> Floats:
    """Largest minus smallest of each sample, float64 [N]; 0 where all are undefined, or infinite and equal.

    Raises ValueError where only some are: then the values differ by more than rounding.
    """
    every = np.stack(values)
    equal = np.isnan(every).all(0) | (every == every[0]).all(0)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(equal, 0.0, every.max(0) - every.min(0))
    if not np.isfinite(found).all():
        raise ValueError("a value that is undefined or infinite under some settings only")
    return found


def change_of(plain: Floats, flipped: Sequence[Floats]) -> Floats:
    """Largest change of each sample under flips, float64 [N]; 0 where the plain value is undefined or infinite."""
    with np.errstate(invalid="ignore"):
        changes = np.abs(np.stack(flipped) - plain)
    found: Floats = np.where(np.isfinite(plain), np.where(np.isfinite(changes), changes, 0.0).max(0), 0.0)
    return found


def cell_of(run: Run, model: str, protocol: str) -> CellValues:
    """The values of a cell by the names of its model and protocol."""
    cells = run.keys()
    (key,) = (key for key in cells if (key.model, key.protocol) == (model, protocol))
    return run.values(key)


def cell_spread(reference: Run, key: CellKey, runs: Sequence[Run], flips: Run) -> CellSpread:
    """Of one cell; raises ValueError unless all runs have the same samples."""
    here = reference.values(key)
    others = [cell_of(run, key.model, key.protocol) for run in runs]
    names = [model.name for model in flips.info.models if model.name.startswith(f"{key.model}~")]
    plain, flipped = cell_of(flips, key.model, key.protocol), [cell_of(flips, name, key.protocol) for name in names]
    if any(cell.samples != here.samples or cell.ok != here.ok for cell in (*others, plain, *flipped)):
        raise ValueError(f"other samples in a run than in {key.path}")
    rows = [here.row[sample] for sample in here.samples if sample in here.ok]
    metrics = {
        name: MetricSpread(
            score.signature,
            spread_of([cell.values[name][rows] for cell in (here, *others)]),
            change_of(plain.values[name][rows], [cell.values[name][rows] for cell in flipped]),
        )
        for name, score in here.scores.items()
        if not score.of_set
    }
    return CellSpread(tuple(here.samples[row] for row in rows), metrics)


def measure(reference: Run, scratch: Path) -> Spread:
    """All of it, with the runs under `scratch`; what is there already is used."""
    runs = [run_setting(reference, setting, scratch / f"setting-{index}") for index, setting in enumerate(SETTINGS)]
    suite = read_suite(reference.info.suite)
    cells, names = reference.keys(), networks(reference)
    flips = run_flipped(suite, names, scratch / "flips")
    keys = [key for key in cells if key.model in names]
    measured = {
        "settings": list(SETTINGS),
        "flip_share": FLIP_SHARE,
        "flip_draws": FLIP_DRAWS,
        "processor": device_name("cpu"),
        "versions": reference.info.versions,
    }
    return Spread(measured, {key: cell_spread(reference, key, runs, flips) for key in keys})


def main(run: Path, scratch: Path | None = None) -> None:
    """Write RUN/spread.jsonl; --scratch keeps the runs."""
    reference = read_run(run)
    with tempfile.TemporaryDirectory() as folder:
        write_spread(reference, measure(reference, scratch or Path(folder)))


if __name__ == "__main__":
    typer.run(main)
