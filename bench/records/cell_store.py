"""All results of a cell on disk: of a whole cell, of one in progress, and of pictures that are not asked for any more.

    samples-0000.jsonl, features-0000.npz   the pictures that the run asks for, in their order, when the cell is whole
    new-HASH.jsonl, new-HASH.npz            a batch of pictures each, until then
    others.jsonl, others.npz                pictures that earlier calls asked for

A later file of this order of `others`, `samples`, `new` holds the later results.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.records.features import read_all_features, write_features
from bench.records.files import read_shard, write_shard
from bench.records.layout import CellKey, RunLayout
from bench.records.schema import Record
from bench.strict_json import parse_json

__all__ = ["Results", "SampleResult", "read_results", "recorded_revisions", "write_batch", "write_results"]


@dataclass(frozen=True)
class SampleResult:
    """One sample of a cell.

    Attributes:
        record: its record.
        features: by name, float32 [D] each, of a sample that is `ok`.
    """

    record: Record
    features: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)


Results: TypeAlias = dict[str, list[SampleResult]]
"""Sample id to its results, the latest one last: a picture that changed has several."""


def read_results(layout: RunLayout, key: CellKey) -> Results:
    """All results of a cell that are whole on disk; a damaged file of an interrupted run is left out.

    Raises:
        UsageError: a file of a whole cell was edited since it was written.
    """
    found: Results = {}
    checksums = _checksums(layout.done(key))
    for path in _files(layout, key):
        for file in (path, _features_of(path)):
            _check(file, checksums.get(file.name))
        features = read_all_features(_features_of(path))
        for record in read_shard(path) or ():
            found.setdefault(record.sample, []).append(SampleResult(record, features.get(record.sample, {})))
    return found


def recorded_revisions(folder: Path) -> dict[str, set[str]]:
    """Sample id to the versions of the sample that a cell holds results of; `folder` is the cell's."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("*.jsonl"):
        for record in read_shard(path) or ():
            found.setdefault(record.sample, set()).add(record.revision)
    return found


def write_batch(layout: RunLayout, key: CellKey, results: Sequence[SampleResult]) -> None:
    """Write the results of a batch, so that no later kill can lose them."""
    ids = "\n".join(result.record.sample for result in results)
    _write(layout.batch(key, hashlib.sha256(ids.encode()).hexdigest()[:16]), results)


def write_results(
    layout: RunLayout,
    key: CellKey,
    shards: Sequence[Sequence[SampleResult]],
    others: Sequence[SampleResult],
    *,
    with_features: bool,
) -> None:
    """Write the results of a whole cell in their files, and remove all others.

    A kill at any moment loses nothing: before a file is written over, all results stand in `others`.

    Args:
        shards: those of the pictures that the run asks for.
        others: those of other pictures.
        with_features: whether the run asks for metrics of sets.
    """
    layout.done(key).unlink(missing_ok=True)
    every = [result for shard in shards for result in shard]
    if any(layout.cell(key).glob("samples-*.jsonl")):
        _write(layout.others(key), [*others, *every])
    for index, shard in enumerate(shards):
        write_shard(layout.shard(key, index), [result.record for result in shard])
        if with_features:
            _write_features(layout.features(key, index), shard)
    if others:
        _write(layout.others(key), others)
    written = {layout.shard(key, index) for index in range(len(shards))} | ({layout.others(key)} if others else set())
    kept = written | ({_features_of(path) for path in written} if with_features else {_features_of(layout.others(key))})
    for path in [*_files(layout, key), *layout.cell(key).glob("*.npz")]:
        if path not in kept:
            path.unlink(missing_ok=True)


def _files(layout: RunLayout, key: CellKey) -> Iterator[Path]:
    """The files of records of a cell, the latest results last."""
    folder = layout.cell(key)
    for pattern in ("others.jsonl", "samples-*.jsonl", "new-*.jsonl"):
        yield from sorted(folder.glob(pattern))


def _features_of(path: Path) -> Path:
    return path.with_name(path.name.replace("samples-", "features-")).with_suffix(".npz")


def _write(path: Path, results: Sequence[SampleResult]) -> None:
    """Features first: a record without its features is not whole, features without a record are nothing."""
    if any(result.features for result in results):
        _write_features(_features_of(path), [result for result in results if result.features])
    write_shard(path, [result.record for result in results])


def _write_features(path: Path, results: Iterable[SampleResult]) -> None:
    """Features of the results that are `ok`, of the kinds that all of them have."""
    good = [result for result in results if result.record.status == "ok"]
    names = sorted(name for name in (good[0].features if good else ()) if all(name in one.features for one in good))
    rows = {name: np.array([one.features[name] for one in good], np.float32) for name in names}
    write_features(path, [one.record.sample for one in good], rows)


def _check(file: Path, checksum: str | None) -> None:
    """Raise UsageError unless a file has its checksum, where it has one."""
    if checksum is None:
        return
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != checksum:
        found = f"{file.name} missing, or with another SHA-256 than when it was written"
        fix = "Delete the folder and run again."
        raise UsageError(f"cell {file.parent}", "be as the run wrote it", found, fix)


def _checksums(done: Path) -> dict[str, str]:
    try:
        return dict(parse_json(done.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
