"""What is made of a run of others: tables, verdicts, pictures of the page, and what the next command finds there."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from bench.gating import compare, gate
from bench.image_files.decode import read_stored
from bench.pictures import png_bytes
from bench.profiling.contention import BestTimes
from bench.records import RunLayout, read_run
from bench.records.manifest import Manifest, ProtocolManifest, read_manifest, write_manifest
from bench.reporting import main_table, stamp
from bench.reporting.analysis import RunAnalysis
from bench.reporting.page.pictures import PagePictures
from tests.fuzz.targets.runs import run_of_files, seeds_of, with_file
from tests.fuzz.targets.target import Target, written

__all__ = ["RESULTS"]


def _table_of_info(data: bytes, root: Path) -> None:
    out = run_of_files(root / "table")
    written(out / "run.json", data)
    main_table(read_run(out))


def _table_of_cell(data: bytes, root: Path) -> None:
    main_table(read_run(with_file(root / "cell-table", "cell.json", data)))


def _verdicts(name: str, root: Path, data: bytes) -> None:
    baseline = read_run(run_of_files(root / "baseline"))
    candidate = read_run(with_file(root / name, "cell.json" if name == "cells" else "samples-0000.jsonl", data))
    gate(baseline, candidate)
    compare(baseline, candidate)


def _manifests() -> list[bytes]:
    protocol = ProtocolManifest(
        "", {"psnr.hole": "psnr"}, ("psnr.hole",), (), (), {}, {}, {"net": {"hole": "none"}}, "psnr.hole"
    )
    with tempfile.TemporaryDirectory() as folder:
        layout = RunLayout(Path(folder))
        write_manifest(layout, Manifest("c", ("p0", "p1"), ("r0", "r1"), 16, ("sky",), {"center-50@1": protocol}))
        return [layout.manifest.read_bytes()]


def _read_manifest(data: bytes, root: Path) -> None:
    layout = RunLayout(root / "manifest")
    written(layout.manifest, data)
    manifest = read_manifest(layout)
    manifest.shards(), manifest.files(), manifest.revision_of


_INPUTS = "cd" * 32


def _report_stamps() -> list[bytes]:
    return [json.dumps({"inputs": _INPUTS, "files": {"run.json": "ab" * 32, "tables/main.md": "cd" * 32}}).encode()]


def _read_report_stamp(data: bytes, root: Path) -> None:
    """A stamp of the right inputs, which are not hashed for each case; no report is made."""
    out = run_of_files(root / "reported")
    written(RunLayout(out).report_stamp, data)
    with (
        mock.patch.object(stamp, "_hash_inputs", return_value=_INPUTS),
        mock.patch("bench.reporting.report", return_value=[]),
    ):
        stamp.report_changes(_analysis(out))


@functools.cache
def _analysis(out: Path) -> RunAnalysis:
    return RunAnalysis.of(read_run(out))


def _pngs() -> list[bytes]:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    return [png_bytes(grey), png_bytes(np.stack([grey] * 3, -1)), png_bytes(np.zeros((8, 8), np.bool_))]


def _read_pictures(data: bytes, root: Path) -> None:
    run = read_run(run_of_files(root / "shown"))
    layout, (key,) = run.layout, run.keys()
    for path in (layout.truth("p0"), layout.fill(key, "p0")):
        written(path, data)
    written(layout.hole(key.protocol, "p0"), _pngs()[2])
    read_stored(layout.truth("p0"), "L")
    page = PagePictures(run)
    page.size("p0"), page.truth("p0"), page.fill(key, "p0"), page.hole(key.protocol, "p0")
    list(page.encoded())


def _best_times() -> list[bytes]:
    return [json.dumps({"machine": {}, "best": {"matmul": 0.5, "copy": 0.25}}).encode()]


def _read_best_times(data: bytes, root: Path) -> None:
    best = BestTimes({}, root / "machines")
    best.add({"matmul": 0.5})
    (file,) = (root / "machines").iterdir()
    file.write_bytes(data)
    best.read()
    best.add({"matmul": 0.25, "new": 1.0})


RESULTS = (
    Target("table of run.json", "json", seeds_of("run.json"), _table_of_info),
    Target("table of cell.json", "json", seeds_of("cell.json"), _table_of_cell, 0.5),
    Target(
        "verdicts on cell.json", "json", seeds_of("cell.json"), lambda data, root: _verdicts("cells", root, data), 0.3
    ),
    Target("verdicts on records", "jsonl", seeds_of(".jsonl"), lambda data, root: _verdicts("lines", root, data), 0.3),
    Target("manifest", "json", _manifests, _read_manifest),
    Target("stamp of a report", "json", _report_stamps, _read_report_stamp),
    Target("pictures of the page of a run", "picture", _pngs, _read_pictures, 0.5),
    Target("best times of a machine", "json", _best_times, _read_best_times, 0.5),
)
"""Readers of what a run or another command left, beyond its records."""
