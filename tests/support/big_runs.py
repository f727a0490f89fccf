"""What many records cost: resume, aggregation and report of synthetic runs.

    python -m tests.support.big_runs resume       100,000 finished records, 16 pictures to go: until the first fill
    python -m tests.support.big_runs aggregate    1,000,000 records in 5 cells, reduced to cell.json
    python -m tests.support.big_runs run          the same by the run itself, which first looks at all that is recorded
    python -m tests.support.big_runs report       the same, reduced: what `spgbench report` makes
    python -m tests.support.big_runs fid          the FID of 20,000 pictures, read block by block

Records have the real schema and 20 values each; pictures are noise of 32x32 in memory, so that reading and hashing
files is not counted. Prints CPU seconds and wall seconds of the step itself, and the peak memory of its process. The
exit code is 1 when the memory, or both times, are over their limit: others that work on the machine count against the
wall clock.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import typer

from bench.evaluation.masked_samples import pixels_sha256
from bench.evaluation.plan import SHARD_SIZE, resolve
from bench.evaluation.reduction.finish import finish_cell
from bench.evaluation.reduction.manifest import make_manifest
from bench.evaluation.reuse.selection import Recorded, sort_results
from bench.evaluation.run import run_suite
from bench.evaluation.run_file import write_run_file
from bench.evaluation.set_metrics import BLOCK
from bench.evaluation.suite import Suite
from bench.metrics.distribution.backends.frechet import of_blocks
from bench.pictures import sample_seed
from bench.records import CellKey, Record, RunLayout, read_run
from bench.records.cell_store import SampleResult, read_results, write_batch
from bench.records.features import open_cell_features, write_features
from bench.records.manifest import Manifest, read_manifest, write_manifest
from bench.vocabulary import Batch, LabelSources, Prediction, Sample

PROTOCOL = "center-50"
METRICS = ("psnr", "ssim", "l1", "ms-ssim", "gradient")
CELLS = 5
LIMITS = {
    "resume": (3.0, 2.0),
    "aggregate": (60.0, 2.0),
    "run": (90.0, 2.0),
    "report": (120.0, 2.0),
    "fid": (600.0, 2.0),
}
"""Wall seconds, and peak memory in 10**9 bytes."""
DEFAULTS = {"resume": 100_000, "aggregate": 1_000_000, "run": 1_000_000, "report": 1_000_000, "fid": 20_000}


class ManyPictures:
    """Small pictures of noise, each its own version, which cost nothing to read."""

    name, classes, objects = "many", (), ()

    def __init__(self, n: int) -> None:
        self.ids = [f"p{index:07d}" for index in range(n)]
        self.revision = hashlib.sha256(str(n).encode()).hexdigest()
        self.rules = hashlib.sha256(b"many").hexdigest()

    def sample_revisions(self) -> Sequence[str]:
        """A hash of each id."""
        return [hashlib.sha256(name.encode()).hexdigest() for name in self.ids]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.ids[index], np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8))


class FirstFill(BaseException):
    """The run has begun to compute."""


class Stopping:
    """A model that ends the run when it is called."""

    label_sources = LabelSources()

    def __init__(self, name: str) -> None:
        self.name, self.fingerprint = name, hashlib.sha256(name.encode()).hexdigest()

    def inpaint(self, batch: Batch) -> Prediction:  # noqa: ARG002 (it is not filled)
        """Raises FirstFill."""
        raise FirstFill


SUITE = replace(
    Suite("many", models=(), protocols=(PROTOCOL,), metrics=METRICS, dataset="many", gallery=0),
    split="as given",
    size="as given",
)


def write_records(out: Path, n: int, models: int, *, missing: int = 0) -> None:
    """An interrupted run: `n` pictures under one protocol, all but the last `missing` recorded by every model.

    The records are those that models leave which fill with grey: only values are made up.
    """
    pictures = ManyPictures(n)
    plan = resolve(SUITE, out, dataset=pictures, models=[Stopping(f"model-{index}") for index in range(models)])
    manifest = make_manifest(plan)
    layout = RunLayout(out)
    write_run_file(plan, None, {})
    write_manifest(layout, manifest)
    hole = pixels_sha256(plan.protocols[0].hole(pictures[0], 0, pictures))
    hashes = [pixels_sha256(pictures[index].image) for index in range(n)]
    for cell in plan.cells:
        random = np.random.default_rng(int(cell.key.fingerprint[:8], 16))
        for start in range(0, n - missing, SHARD_SIZE):
            batch = []
            for index in range(start, min(start + SHARD_SIZE, n - missing)):
                name = pictures.ids[index]
                values = dict(
                    zip(manifest.protocols[cell.protocol.name].values, random.normal(20, 4, 99), strict=False)
                )
                shown = (sample_seed(0, name), hashes[index], hole, random.bytes(32).hex(), 0.25)
                record = Record(name, "ok", "", *shown, revision=manifest.revisions[index], values=values)
                batch.append(SampleResult(record))
            write_batch(layout, cell.key, batch)


def resume(out: Path, n: int) -> None:
    """Go on with a run: until the model is asked for the first of the missing pictures."""
    pictures, models = ManyPictures(n + SHARD_SIZE), [Stopping("model-0")]
    with measured("resume"):
        try:
            run_suite(SUITE, out, dataset=pictures, models=models)
        except FirstFill:
            return
        raise RuntimeError("the run called no model")


def aggregate(out: Path, n: int) -> None:
    """Reduce all cells of a run whose pictures are all recorded."""
    with measured("aggregate"):
        layout, manifest = RunLayout(out), read_manifest(RunLayout(out))
        for key in read_run(out).keys():  # noqa: SIM118 (a method of Run)
            finish_cell(layout, key, manifest, _recorded(layout, key, manifest))
    assert sum(cell.n for cell in read_run(out).cells.values()) == n


def run(out: Path, n: int) -> None:
    """Give the command of such a run again: it has nothing to fill."""
    pictures = ManyPictures(n // CELLS)
    with measured("run"):
        outcome = run_suite(SUITE, out, dataset=pictures, models=[Stopping(f"model-{index}") for index in range(CELLS)])
    assert sum(cell.n for cell in outcome.run.cells.values()) == n


def _recorded(layout: RunLayout, key: CellKey, manifest: Manifest) -> Recorded:
    values = manifest.protocols[key.protocol].values
    return sort_results(manifest.revision_of, read_results(layout, key), values, (), {})


def report(out: Path, n: int) -> None:
    """Make tables, plots and the page of such a run."""
    from bench import reporting

    with measured("report"):
        reporting.report(out)


def write_random_features(folder: Path, n: int) -> None:
    """Features of `n` pictures as Inception has them by size, in as many files as a run writes."""
    ids = tuple(f"p{index:07d}" for index in range(n))
    for place, samples in enumerate(Manifest("", ids, ids, SHARD_SIZE, (), {}).files()):
        random = np.random.default_rng(place)
        rows = {name: random.random((len(samples), 2048), np.float32) ** 2 for name in ("fid", "truth-fid")}
        write_features(folder / f"features-{place:04d}.npz", samples, rows)


def fid(out: Path, n: int) -> None:
    """Take the FID of stored features."""
    with measured("fid"):
        stored = open_cell_features(out, "fid")
        assert stored is not None
        assert len(stored.samples) == n
        typer.echo(f"fid: {of_blocks(stored.blocks(BLOCK))[0]!r}")


@contextmanager
def measured(step: str) -> Iterator[None]:
    """Print what the block costs; ends the process with 1 when it is over the limits."""
    start, cpu = time.perf_counter(), time.process_time()
    yield
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    seconds, memory = LIMITS[step]
    typer.echo(
        f"{step}: {wall:.1f} s wall (limit {seconds:g}), {used:.1f} s CPU, peak {peak:.2f} GB (limit {memory:g})"
    )
    typer.echo(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if min(wall, used) > seconds or peak > memory:
        sys.exit(1)


def make(out: Path, step: str, n: int) -> None:
    """Write what a step needs."""
    if step == "resume":
        write_records(out, n + SHARD_SIZE, 1, missing=SHARD_SIZE)
    elif step == "fid":
        write_random_features(out, n)
    else:
        write_records(out, n // CELLS, CELLS)


def main() -> None:
    """Make the records and run one step on them, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=list(LIMITS))
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="of the run; kept, and used again if it is there")
    parser.add_argument("--only", choices=["make", *LIMITS], help="this part alone, on --folder")
    given = parser.parse_args()
    n = given.records or DEFAULTS[given.step]
    if given.only == "make":
        make(given.folder, given.step, n)
    elif given.only:
        steps = {"resume": resume, "aggregate": aggregate, "run": run, "report": report, "fid": fid}
        steps[given.only](given.folder, n)
    else:
        out = given.folder or Path(tempfile.mkdtemp()) / "run"
        parts = ["make", *(["aggregate"] if given.step == "report" else []), given.step]
        command = [
            sys.executable,
            "-m",
            "tests.support.big_runs",
            given.step,
            "--records",
            str(n),
            "--folder",
            str(out),
        ]
        try:
            codes = [subprocess.run([*command, "--only", part], check=False).returncode for part in parts]
        finally:
            if not given.folder:
                shutil.rmtree(out.parent)
        sys.exit(codes[-1])


if __name__ == "__main__":
    main()
