"""What runs, profiles, load tests, audits and trainings leave on disk."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from bench.evaluation.reuse import finished
from bench.evaluation.suite import Suite
from bench.records import RunLayout, read_run
from bench.records.audit import audit_file, read_audit, write_audit
from bench.records.cell_store import read_results, recorded_revisions
from bench.records.features import read_all_features, read_cell_features, write_features
from bench.records.load import LoadLayout, read_load, write_load_environment, write_load_records
from bench.records.profile import ProfileLayout, read_profile, write_environment, write_records
from bench.records.spread import read_spread
from bench.records.store import pack_cells
from bench.records.training import read_training, read_trainings, trained_on
from bench.training.output.folder import TrainingFolder
from tests.fuzz.targets.target import Target, written
from tests.gating.conftest import Recipe, build
from tests.records import test_audit, test_load, test_profile

__all__ = ["RUNS", "run_of_files", "seeds_of", "with_file"]

_RECIPE = Recipe(
    models={"net": "a"}, ids=("p0", "p1", "p2"), metrics=("psnr.hole", "ssim.hole"), networks=("net",), failed=("p2",)
)


@functools.cache
def _files() -> dict[str, bytes]:
    """A small run, by the paths of its files."""
    with tempfile.TemporaryDirectory() as folder:
        out = build(Path(folder) / "out", _RECIPE)
        layout = RunLayout(out)
        pack_cells(layout, out / "packed")
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def seeds_of(ending: str) -> Callable[[], list[bytes]]:
    """Makes the files of the small run whose names end so."""
    return lambda: [content for name, content in _files().items() if name.endswith(ending)]


@functools.cache
def run_of_files(root: Path) -> Path:
    """A folder with the small run in it."""
    for name, content in _files().items():
        if name != "packed":
            written(root / name, content)
    return root


@functools.cache
def _cell(root: Path) -> Path:
    (cell,) = run_of_files(root).glob("cells/*/*/*/*")
    return cell


def with_file(root: Path, name: str, data: bytes) -> Path:
    """The run with other content of one file of its cell, which its marker says is right."""
    cell = _cell(root)
    written(cell / name, data)
    done = json.loads((cell / "done").read_bytes()) | {name: hashlib.sha256(data).hexdigest()}
    (cell / "done").write_text(json.dumps(done))
    return root


def _read_all(out: Path) -> None:
    """All that a report reads of a run."""
    run = read_run(out)
    for key in run.cells:
        run.records(key)
        run.values(key).counted  # noqa: B018 (computed at first use)


def _read_run_json(data: bytes, root: Path) -> None:
    out = run_of_files(root / "run")
    written(out / "run.json", data)
    _read_all(out)


def _read_done(data: bytes, root: Path) -> None:
    written(_cell(root / "done") / "done", data)
    _read_all(root / "done")


def _read_pack(data: bytes, root: Path) -> None:
    written(root / "packed" / "run.json", _files()["run.json"])
    written(root / "packed" / "cells.json.xz", data)
    _read_all(root / "packed")


def _resume(data: bytes, root: Path) -> None:
    out = with_file(root / "resume", "samples-0000.jsonl", data)
    (key,) = read_run(out).keys()
    read_results(RunLayout(out), key)
    recorded_revisions(_cell(out))


def _features() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.npz"
        rows = np.arange(12, dtype=np.float32).reshape(3, 4)
        write_features(file, ["p0", "p1", "p2"], {"fid": rows, "truth-fid": rows + 1})
        return [file.read_bytes()]


def _read_features(data: bytes, root: Path) -> None:
    file = written(root / "features" / "features-0000.npz", data)
    read_all_features(file)
    read_cell_features(file.parent, "fid")


def _spreads() -> list[bytes]:
    from bench.records.spread import CellSpread, MetricSpread, Spread, write_spread

    with tempfile.TemporaryDirectory() as folder:
        run = read_run(build(Path(folder) / "out", _RECIPE))
        (key,) = run.cells
        values = np.array((1e-5, 0.0))
        scores = run.cells[key].metrics
        metrics = {name: MetricSpread(score.signature, values, values) for name, score in scores.items()}
        write_spread(run, Spread({"settings": [{}]}, {key: CellSpread(("p0", "p1"), metrics)}))
        return [run.layout.spread_file.read_bytes()]


def _read_spread(data: bytes, root: Path) -> None:
    out = run_of_files(root / "spread")
    written(out / "spread.jsonl", data)
    read_spread(read_run(out))


def _made(write: Callable[[Path], Path]) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            return [write(Path(folder)).read_bytes()]

    return seeds


_PROFILE, _LOAD = test_profile.RECORD, test_load.RECORD


@functools.cache
def _profile(out: Path) -> Path:
    layout = ProfileLayout(out)
    write_records(layout.records_file(_PROFILE.model, _PROFILE.fingerprint), [_PROFILE, _PROFILE])
    write_environment(
        layout, {"models": [{"name": _PROFILE.model, "fingerprint": _PROFILE.fingerprint}], "device": "cpu"}
    )
    return layout.records_file(_PROFILE.model, _PROFILE.fingerprint)


def _read_profile_lines(data: bytes, root: Path) -> None:
    written(_profile(root / "profiled"), data)
    for record in read_profile(root / "profiled").records:
        record.latency(50), record.invalid, record.share_of_bound


def _read_profile_machine(data: bytes, root: Path) -> None:
    _profile(root / "machine")
    written(ProfileLayout(root / "machine").environment_file, data)
    read_profile(root / "machine").models  # noqa: B018 (computed)


@functools.cache
def _load(out: Path) -> Path:
    layout = LoadLayout(out)
    write_load_records(layout.records_file(_LOAD.model, _LOAD.fingerprint), [_LOAD])
    write_load_environment(layout, {"models": [{"name": _LOAD.model, "fingerprint": _LOAD.fingerprint}]})
    return layout.records_file(_LOAD.model, _LOAD.fingerprint)


def _read_load_lines(data: bytes, root: Path) -> None:
    written(_load(root / "load"), data)
    for record in read_load(root / "load").records:
        record.verdict, record.invalid  # noqa: B018 (computed)


def _read_load_machine(data: bytes, root: Path) -> None:
    _load(root / "loaded")
    written(LoadLayout(root / "loaded").environment_file, data)
    read_load(root / "loaded")


def _audit(out: Path) -> Path:
    write_audit(out, test_audit.RECORD)
    return audit_file(out)


def _read_audit(data: bytes, root: Path) -> None:
    written(audit_file(root / "audit"), data)
    read_audit(root / "audit")


_CARD = {
    "training": {"data": {"dataset": "streets", "size": "64x64", "protocol": "freeform@1"}, "batch size": 4},
    "stages": {"one": {"steps": 3}},
    "minutes": 1.5,
}
_LOG = b"step,stage,stage_step,seconds,name,value\n1,one,1,0.5,val.psnr.hole,20.5\n1,one,1,0.5,loss,0.5\n"


def _read_card(data: bytes, root: Path) -> None:
    written(root / "training" / "card.json", data)
    written(root / "training" / "log.csv", _LOG)
    trained_on(root / "training" / "x.safetensors")
    read_training(root / "training")


def _read_log(data: bytes, root: Path) -> None:
    written(root / "logged" / "card.json", json.dumps(_CARD).encode())
    written(root / "logged" / "log.csv", data)
    read_training(root / "logged")


def _cards() -> list[bytes]:
    check = {"stage": "one", "stage_step": 1, "name": "val.psnr.hole", "value": 20.5}
    return [json.dumps({"trainings": [{**_CARD, "checks": [check]}]}).encode()]


def _read_settings(data: bytes, root: Path) -> None:
    folder = TrainingFolder(root / "settings")
    written(folder.settings, data)
    folder.check({"a": 1, "b": {"c": [1, 2]}}, restart=False)


_INPUTS = "ab" * 32


def _stamps() -> list[bytes]:
    _files()  # made before a case is watched
    return [json.dumps({"inputs": _INPUTS, "warnings": ["w", "x"]}).encode()]


def _read_stamp(data: bytes, root: Path) -> None:
    """A stamp of the right inputs, which are not hashed for each case."""
    written(run_of_files(root / "stamp") / ".finished.json", data)
    with mock.patch.object(finished, "_hash_inputs", return_value=_INPUTS):
        found = finished.find_finished(Suite("s", metrics=("psnr",), limit=1, size="32"), root / "stamp")
    if found:
        "".join(found.warnings)


RUNS = (
    Target("run.json", "json", seeds_of("run.json"), _read_run_json, 2.0),
    Target(
        "cell.json",
        "json",
        seeds_of("cell.json"),
        lambda data, root: _read_all(with_file(root / "cell", "cell.json", data)),
        2.0,
    ),
    Target(
        "records",
        "jsonl",
        seeds_of(".jsonl"),
        lambda data, root: _read_all(with_file(root / "records", "samples-0000.jsonl", data)),
        2.0,
    ),
    Target("records of a run to resume", "jsonl", seeds_of(".jsonl"), _resume, 2.0),
    Target("marker of a cell", "json", seeds_of("done"), _read_done, 1.5),
    Target("packed cells", "xz", seeds_of("packed"), _read_pack),
    Target("features", "zip", _features, _read_features),
    Target("spread", "jsonl", _spreads, _read_spread),
    Target("profile", "jsonl", _made(_profile), _read_profile_lines, 1.5),
    Target(
        "machine of a profile",
        "json",
        lambda: [ProfileLayout(_kept(_profile)).environment_file.read_bytes()],
        _read_profile_machine,
    ),
    Target("load test", "jsonl", _made(_load), _read_load_lines),
    Target(
        "machine of a load test",
        "json",
        lambda: [LoadLayout(_kept(_load)).environment_file.read_bytes()],
        _read_load_machine,
    ),
    Target("audit", "json", _made(_audit), _read_audit, 2.0),
    Target("card of a training", "json", lambda: [json.dumps(_CARD).encode()], _read_card, 1.5),
    Target(
        "card of trainings", "json", _cards, lambda data, root: read_trainings(written(root / "x.card.json", data)), 2.0
    ),
    Target("log of a training", "bytes", lambda: [_LOG], _read_log),
    Target("settings of a training", "json", lambda: [b'{"a": 1, "b": {"c": [1, 3]}}'], _read_settings),
    Target("stamp of a finished run", "json", _stamps, _read_stamp),
)
"""Readers of output folders."""


def _kept(write: Callable[[Path], Path]) -> Path:
    folder = Path(tempfile.mkdtemp())
    write(folder)
    return folder
