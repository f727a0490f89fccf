"""Whether a run has nothing left to do, found out without torch and without making a model.

What a call asked for, on which files and with which code, is kept as one hash beside the records. A call with the same
hash needs no look at the models. A suite with names that lead outside of this package (files, plug-ins) has no hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import bench
import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench.evaluation.suite import Suite
from bench.fingerprint import PACKAGES, fingerprint_sources
from bench.models.model_name import ModelName
from bench.records import Run, RunLayout, read_run, write_atomically
from bench.records.cell_store import find_damage
from bench.registry import Registry
from bench.removal import task_of
from bench.strict_json import parse_json

__all__ = ["Finished", "find_finished", "mark_finished"]

_WEIGHTS = (".safetensors", ".onnx", ".npz")


@dataclass(frozen=True)
class Finished:
    """A run that has nothing left to do.

    Attributes:
        run: its records.
        warnings: what the call that finished it had to say.
    """

    run: Run
    warnings: tuple[str, ...]


def find_finished(suite: Suite, out: Path, *options: object) -> Finished | None:
    """The run in `out`, if a call with the same suite and options has finished it; None when that is not sure."""
    layout = RunLayout(out)
    if not layout.finished_stamp.exists():
        return None
    try:
        stamp = parse_json(layout.finished_stamp.read_bytes())
        if stamp["inputs"] != _hash_inputs(suite, layout, options):
            return None
        run = read_run(out)
        if any(find_damage(layout, key) for key in run.keys()):  # noqa: SIM118 (a method of Run)
            return None
        return Finished(run, tuple(map(_text, stamp["warnings"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def mark_finished(suite: Suite, run: Run, warnings: Sequence[str], *options: object) -> None:
    """Remember that a call has finished a run, if that can be found out again without its models."""
    stamp, inputs = run.layout.finished_stamp, _hash_inputs(suite, run.layout, options)
    if inputs is None or run.missing or run.info.unavailable:
        stamp.unlink(missing_ok=True)
    else:
        write_atomically(stamp, json.dumps({"inputs": inputs, "warnings": list(warnings)}))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a warning that is no text: {value!r}")
    return value


def _hash_inputs(suite: Suite, layout: RunLayout, options: Sequence[object]) -> str | None:
    """Hash of all that decides what a call has to do; None when a name leads outside of this package."""
    if not all(_names(suite)):
        return None
    size = bench.data.parse_size(suite.size)
    loaded = bench.data.load(suite.dataset, suite.split, size, suite.data_root, suite.limit, suite.split_list)
    dataset = bench.data.Cached(loaded)
    protocols = [bench.masks.get(name) for name in suite.protocols]
    of_others = any(protocol.needs_labels or task_of(protocol) == "removal" for protocol in protocols)
    facts = {
        "suite": asdict(suite),
        "options": [str(option) for option in options],
        "pictures": [dataset.revision, *(dataset.revisions_beyond() if of_others else ())],
        "libraries": sorted((found.name, found.version) for found in distributions()),
        "environment": sorted(item for item in os.environ.items() if item[0].startswith("SPGBENCH_")),
        "code": fingerprint_sources(),
        "weights": list(_weights()),
        "records": [_sha256(path) for path in _records(layout)],
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _names(suite: Suite) -> Iterator[bool]:
    """Of each name of a suite, whether this package alone says what it means."""
    for model in map(ModelName.parse, suite.models):
        yield _is_ours(bench.models.MODELS, [model.base])
        yield not any(isinstance(value, str) for value in model.options.values())
    yield _is_ours(bench.masks.PROTOCOLS, suite.protocols)
    yield _is_ours(bench.metrics.METRICS, suite.metrics)
    yield _is_ours(bench.data.DATASETS, [suite.dataset])
    yield suite.judge is None


def _is_ours(registry: Registry[Any], names: Iterable[str]) -> bool:
    found = [registry.find(name) for name in names]
    return all(entry.target.startswith("bench.") and not argument for entry, argument in found)


def _weights() -> Iterator[tuple[str, int, int]]:
    """Our weights by size and time."""
    root = Path(bench.__file__).parent.parent
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*")):
        if path.suffix in _WEIGHTS:
            yield path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns


def _records(layout: RunLayout) -> Iterator[Path]:
    yield layout.run_file
    yield from sorted(layout.cells.glob("*/*/*/*/done"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
