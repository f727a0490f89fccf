"""All results of a cell on disk: of a whole cell, of one in progress, and of pictures that are not asked for any more.

    samples-0000.jsonl, features-0000.npz   the pictures that the run asks for, in their order, when the cell is whole
    new-HASH.jsonl, new-HASH.npz            a batch of pictures each, until then
    others.jsonl, others.npz                pictures that earlier calls asked for

A later file of this order of `others`, `samples`, `new` holds the later results. The marker of a whole cell holds the
SHA-256 of `samples` and `others`; the last line of `new` and `others` holds that of the lines before it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bench.records.features import find_features, read_all_features, write_features
from bench.records.files import (
    ASKED,
    encode_records,
    read_if_there,
    read_sealed,
    read_shard,
    remove_abandoned,
    sync_folder,
    write_lines,
    write_shard,
)
from bench.records.layout import CellKey, RunLayout
from bench.records.schema import Record
from bench.runtime.garbage import collector_paused
from bench.strict_json import parse_json

__all__ = [
    "Damage",
    "Results",
    "SampleResult",
    "find_damage",
    "read_results",
    "recorded_revisions",
    "remove_cell",
    "write_batch",
    "write_results",
]


_BATCH = "new-"
"""How the names of the files of batches begin: see `RunLayout.batch`."""

_WRITERS = 2
"""Threads that write the files of a cell: one encodes while the other waits for the disk."""

_FOUND = "lines that do not parse, were edited, or are of other pictures than its name says"


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One sample of a cell.

    Attributes:
        record: its record.
        features: by name, float32 [D] each, of a sample that is `ok`.
        file: where the record was read, as it still stands there.
    """

    record: Record
    features: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)


Results: TypeAlias = dict[str, list[SampleResult]]
"""Sample id to its results, the latest one last: a picture that changed has several."""


@dataclass(frozen=True)
class Damage:
    """A file of a cell that cannot be used.

    Attributes:
        file: its path.
        found: what is wrong with it.
    """

    file: Path
    found: str


def find_damage(layout: RunLayout, key: CellKey) -> list[Damage]:
    """The files of a whole cell that its marker does not fit; none of a cell without a marker.

    The files are hashed and not parsed.
    """
    marker = layout.done(key)
    if not marker.exists():
        return []
    checksums = _checksums(marker)
    if checksums is None:
        return [Damage(marker, "a marker that does not parse")]
    files = {layout.cell(key) / name: text for name, text in checksums.items() if name != ASKED}
    damage = [Damage(file, found) for file, text in files.items() if (found := _difference(file, text))]
    listed = files.keys() | {path for path in _files(layout, key) if path.name.startswith(_BATCH)}
    damage += [
        Damage(file, "a file that its marker does not name") for file in _files(layout, key) if file not in listed
    ]
    if not damage and (other := _other_cell(layout, key)):
        damage = [Damage(file, f"a file of {other}") for file in files]
    return damage


@collector_paused()
def read_results(layout: RunLayout, key: CellKey, damaged: list[Damage] | None = None) -> Results:
    """All results of a cell that are as a run wrote them; a damaged file is left out.

    Records whose features are damaged are there without them.

    Args:
        damaged: where the damaged files are added.
    """
    found: Results = {}
    nothing: Mapping[str, npt.NDArray[np.float32]] = {}
    damage = find_damage(layout, key)
    refused, cell = {one.file for one in damage}, key.path.as_posix()
    with_features = {path.name for path in layout.cell(key).glob("*.npz")}
    for path in _files(layout, key):
        if path in refused:
            continue
        records = _records(path, cell)
        if records is None:
            damage.append(Damage(path, _FOUND))
            continue
        features: Mapping[str, Mapping[str, npt.NDArray[np.float32]]] = {}
        if with_features and (file := _features_of(path)).name in with_features and file not in refused:
            features = _features(file)
            if not features and _holds_ok(records):
                damage.append(Damage(file, "features that cannot be read"))
        for record in records:
            result = SampleResult(record, features.get(record.sample, nothing), path)
            found.setdefault(record.sample, []).append(result)
    if damaged is not None:
        damaged += damage
    return found


def recorded_revisions(folder: Path) -> dict[str, set[str]]:
    """Sample id to the versions of the sample that a cell holds results of; `folder` is the cell's."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("*.jsonl"):
        for record in read_shard(path) or ():
            found.setdefault(record.sample, set()).add(record.revision)
    return found


def remove_cell(layout: RunLayout, key: CellKey) -> None:
    """Remove a cell: its marker, then its records, then the rest.

    So a kill or a power cut meanwhile leaves a cell that is not whole, and no record without its pictures.

    Raises:
        OSError: a file cannot be removed.
    """
    layout.done(key).unlink(missing_ok=True)
    if layout.cell(key).exists():
        sync_folder(layout.cell(key))
        for path in _files(layout, key):
            path.unlink()
        sync_folder(layout.cell(key))
        shutil.rmtree(layout.cell(key))


def write_batch(layout: RunLayout, key: CellKey, results: Sequence[SampleResult]) -> None:
    """Write the results of a batch, so that no later kill can lose them."""
    _write(layout.batch(key, _batch_name(key.path.as_posix(), [result.record for result in results])), results)


def write_results(
    layout: RunLayout,
    key: CellKey,
    files: Sequence[Sequence[SampleResult]],
    others: Sequence[SampleResult],
    *,
    with_features: bool,
) -> dict[str, str]:
    """Write the results of a whole cell in their files, and remove all others; returns their SHA-256 by file name.

    A kill or a power cut at any moment loses nothing: before a file is written over, all results stand in `others`, and
    before a file is removed, what replaces it is on the disk.

    Args:
        files: those of the pictures that the run asks for, a file each.
        others: those of other pictures.
        with_features: whether the run asks for metrics of sets.
    """
    layout.done(key).unlink(missing_ok=True)
    every = [result for file in files for result in file]
    if any(layout.cell(key).glob("samples-*.jsonl")):
        _write(layout.others(key), [*others, *every])
        sync_folder(layout.cell(key))

    def write_one(index: int) -> dict[str, str]:
        file = layout.shard(key, index)
        written = {file.name: write_lines(file, _encoded(layout, key, files[index]))}
        if with_features:
            written[_features_of(file).name] = _write_features(_features_of(file), files[index])
        return written

    with ThreadPoolExecutor(_WRITERS) as pool:
        written = dict(chain.from_iterable(part.items() for part in pool.map(write_one, range(len(files)))))
    kept = set(written)
    if others:
        _write(layout.others(key), others)
        kept |= {layout.others(key).name, _features_of(layout.others(key)).name}
    sync_folder(layout.cell(key))
    for path in chain(_files(layout, key), layout.cell(key).glob("*.npz")):
        if path.name not in kept:
            path.unlink(missing_ok=True)
    remove_abandoned(layout.cell(key))
    return written


def _files(layout: RunLayout, key: CellKey) -> Iterator[Path]:
    """The files of records of a cell, the latest results last."""
    folder = layout.cell(key)
    names = sorted(path.name for path in folder.glob("*.jsonl"))
    for first in ("others.", "samples-", _BATCH):
        yield from (folder / name for name in names if name.startswith(first))


def _features_of(path: Path) -> Path:
    return path.with_name(path.name.replace("samples-", "features-")).with_suffix(".npz")


def _write(path: Path, results: Sequence[SampleResult]) -> None:
    """Features first: a record without its features is not whole, features without a record are nothing."""
    if any(result.features for result in results):
        _write_features(_features_of(path), [result for result in results if result.features])
    write_shard(path, [result.record for result in results], sealed=True)


def _encoded(layout: RunLayout, key: CellKey, results: Iterable[SampleResult]) -> bytes:
    """The lines of results; those of a whole batch as they stand in its file, for which they need not be encoded.

    Files of other folders may have changed since they were read: no lock guards these.
    """
    parts = []
    for file, group in groupby(results, attrgetter("file")):
        records = [result.record for result in group]
        is_batch = file == layout.batch(key, _batch_name(key.path.as_posix(), records))
        parts.append((read_sealed(file) if is_batch else None) or encode_records(records))
    return b"".join(parts)


def _write_features(path: Path, results: Iterable[SampleResult]) -> str:
    """Features of the results that are `ok`, of the kinds that all of them have."""
    good = [result for result in results if result.record.status == "ok"]
    names = sorted(name for name in (good[0].features if good else ()) if all(name in one.features for one in good))
    rows = {name: np.array([one.features[name] for one in good], np.float32) for name in names}
    return write_features(path, [one.record.sample for one in good], rows)


def _features(path: Path) -> Mapping[str, Mapping[str, npt.NDArray[np.float32]]]:
    """The features of a file by sample. Those of a batch stay on disk, where nothing is written over them."""
    return find_features(path) if path.name.startswith(_BATCH) else read_all_features(path)


def _records(path: Path, cell: str) -> list[Record] | None:
    """The records of a file; None for one that is damaged, or a batch of another cell or of other pictures."""
    records = read_shard(path)
    if records is not None and path.name.startswith(_BATCH) and path.stem != _BATCH + _batch_name(cell, records):
        return None
    return records


def _batch_name(cell: str, records: Sequence[Record]) -> str:
    text = "\n".join([cell, *[record.sample for record in records]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _holds_ok(records: Iterable[Record]) -> bool:
    return any(record.status == "ok" for record in records)


def _difference(file: Path, checksum: str) -> str:
    """Why a file does not fit its checksum, or nothing."""
    try:
        with file.open("rb") as opened:
            fits = hashlib.file_digest(opened, "sha256").hexdigest() == checksum
    except FileNotFoundError:
        return "no such file"
    return "" if fits else "a file with another SHA-256 than when it was written"


def _other_cell(layout: RunLayout, key: CellKey) -> str:
    """The cell that a summary is of, where it is another one than its folder says, or nothing."""
    try:
        other = CellKey(**parse_json(read_if_there(layout.cell_file(key)) or b"")["key"])
    except (ValueError, KeyError, TypeError):
        return "no cell that can be read"
    return "" if other.path == key.path else f"another cell: {other.path}"


def _checksums(done: Path) -> dict[str, str] | None:
    """File name to checksum, as a marker says it; None for one that does not parse."""
    try:
        found = parse_json(read_if_there(done) or b"")
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(
        isinstance(text, str) and "/" not in name for name, text in found.items()
    ):
        return None
    return found
