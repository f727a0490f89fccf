"""Features of a cell's pictures on disk, a file a shard: what distances between sets of pictures are taken of.

A file holds `samples`, the ids of the samples that were scored, and for each kind of features float32 [N, D] of the
completed pictures under the kind's name, and of the untouched ones under `truth-` and that name.
"""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.errors import DataError
from bench.records.files import read_if_there, write_atomically

__all__ = [
    "CellFeatures",
    "Features",
    "StoredFeatures",
    "StoredRow",
    "find_features",
    "open_cell_features",
    "read_all_features",
    "read_cell_features",
    "write_features",
]

Features: TypeAlias = npt.NDArray[np.float32]
"""One row a sample."""


@dataclass(frozen=True)
class CellFeatures:
    """One kind of features of a whole cell.

    Attributes:
        samples: ids [N] of the samples that were scored, sorted.
        truth: float32 [N, D], of their untouched pictures.
        completed: float32 [N, D], of the completed ones.
    """

    samples: tuple[str, ...]
    truth: Features
    completed: Features


def write_features(path: Path, samples: Sequence[str], features: Mapping[str, Features]) -> str:
    """Write one shard's features; returns the SHA-256 of the file.

    Args:
        samples: ids of the N samples that the rows belong to.
        features: name to float32 [N, D].
    """
    arrays: dict[str, Any] = {"samples": np.array(samples, dtype=np.str_), **features}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue(), durable=True)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def read_all_features(path: Path) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """All features of a file by sample and name, float32 [D] each; empty when the file is missing or damaged."""
    found = _read(path)
    if found is None:
        return {}
    samples, rows = found
    return {sample: {name: of_kind[index] for name, of_kind in rows.items()} for index, sample in enumerate(samples)}


class StoredRow(Mapping[str, npt.NDArray[np.float32]]):
    """The features of one sample by name, float32 [D] each, which stay in their file until one is looked up.

    Args:
        path: of the file, which must stay as it is.
        row: of the sample in it.
        names: of its features.
    """

    __slots__ = ("_names", "_path", "_row")

    def __init__(self, path: Path, row: int, names: tuple[str, ...]) -> None:
        self._path, self._row, self._names = path, row, names

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        if name not in self._names:
            raise KeyError(name)
        state = self._path.stat()
        row: npt.NDArray[np.float32]
        row = _kept_rows(self._path, (state.st_ino, state.st_mtime_ns, state.st_size))[name][self._row]
        return row

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def find_features(path: Path) -> dict[str, StoredRow]:
    """The same as `read_all_features`, checked now and read when a feature is looked up."""
    found = _read(path)
    if found is None:
        return {}
    names = tuple(found[1])
    return {sample: StoredRow(path, row, names) for row, sample in enumerate(found[0])}


@functools.lru_cache(maxsize=16)
def _kept_rows(path: Path, state: tuple[int, ...]) -> dict[str, Features]:  # noqa: ARG001 (another state, another file)
    found = _read(path)
    if found is None:
        raise DataError(f"features {path}", "be as the run wrote them", "a file that cannot be read")
    return found[1]


def read_cell_features(folder: Path, kind: str) -> CellFeatures | None:
    """One kind of features of a whole cell; None when the cell has none of it, or no sample was scored.

    Args:
        folder: of the cell.
        kind: such as `fid`.
    """
    stored = open_cell_features(folder, kind)
    return stored.read() if stored else None


def open_cell_features(folder: Path, kind: str) -> StoredFeatures | None:
    """The same to be read block by block: so far the names of the samples are read, and nothing else."""
    names, files = (f"truth-{kind}", kind), sorted(folder.glob("features-*.npz"))
    every = [_samples(file, names) for file in files]
    if None in every:
        return None
    places = (
        (sample, file, row) for file, found in zip(files, every, strict=True) for row, sample in enumerate(found or ())
    )
    ordered = sorted(places)
    return (
        StoredFeatures(names, tuple(place[0] for place in ordered), tuple(place[1:] for place in ordered))
        if ordered
        else None
    )


@dataclass(frozen=True)
class StoredFeatures:
    """One kind of features of a whole cell, on disk.

    Attributes:
        names: of the features of the untouched and of the completed pictures.
        samples: ids [N] of the samples that were scored, sorted.
        places: file and row [N] of each sample.
    """

    names: tuple[str, str]
    samples: tuple[str, ...]
    places: tuple[tuple[Path, int], ...]

    def read(self) -> CellFeatures | None:
        """All of them; None where a file is damaged, or two hold different numbers of features."""
        try:
            ((truth, completed),) = self.blocks(len(self.samples))
        except DataError:
            return None
        return CellFeatures(self.samples, truth, completed)

    def blocks(self, rows: int) -> Iterator[tuple[Features, Features]]:
        """Features of the untouched and of the completed pictures, float32 [up to `rows`, D], sorted by sample id.

        A file is read once for each block that has a row of it: once in all where ids and files have one order.

        Raises:
            DataError: a file is damaged, or two hold different numbers of features.
        """
        width = 0
        for start in range(0, len(self.places), rows):
            places = self.places[start : start + rows]
            by_file: dict[Path, list[tuple[int, int]]] = {}
            for target, (file, row) in enumerate(places):
                by_file.setdefault(file, []).append((target, row))
            block: tuple[Features, ...] = ()
            for file, pairs in by_file.items():
                read = _rows(file, self.names)
                width = width or read[0].shape[1]
                if {part.shape[1] for part in read} != {width}:
                    raise DataError(f"features {file}", f"have {width} numbers a picture", "another number")
                block = block or tuple(np.empty((len(places), width), np.float32) for _ in read)
                targets, of_file = zip(*pairs, strict=True)
                for part, found in zip(block, read, strict=True):
                    part[list(targets)] = found[list(of_file)]
            yield block[0], block[1]


def _samples(path: Path, names: Sequence[str]) -> list[str] | None:
    """The samples of a file; None for one that cannot be read, or has samples and not these features."""
    try:
        with zipfile.ZipFile(path) as archive:
            plain = _is_plain(archive, path.stat().st_size)
        if not plain:
            return None
        with np.load(path, allow_pickle=False) as file:
            samples = [str(sample) for sample in file["samples"].tolist()]
            return samples if not samples or all(name in file for name in names) else None
    except Exception:  # noqa: BLE001 (zipfile and NumPy raise nearly anything on damaged files)
        return None


def _rows(path: Path, names: Sequence[str]) -> list[Features]:
    """The rows of these features in a file; raises DataError for one that is damaged."""
    found = _read(path)
    if found is None or not all(name in found[1] for name in names):
        raise DataError(f"features {path}", "be as the run wrote them", "a file that cannot be read")
    return [found[1][name] for name in names]


def _read(path: Path) -> tuple[list[str], dict[str, Features]] | None:
    """Samples, and the rows of each kind of features; None for a file that is not as `write_features` writes it."""
    content = read_if_there(path)
    if content is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            plain = _is_plain(archive, len(content))
        if not plain:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            rows: dict[str, npt.NDArray[Any]] = dict(file)
        named = rows.pop("samples")
        samples = [str(sample) for sample in named.tolist()]
    except Exception:  # noqa: BLE001 (zipfile and NumPy raise nearly anything on damaged files)
        return None
    if not all(isinstance(part, np.ndarray) for part in (named, *rows.values())):  # another member of the archive
        return None
    whole = all(part.dtype == np.float32 and part.ndim == 2 and len(part) == len(samples) for part in rows.values())
    return (samples, rows) if whole and named.ndim == 1 and (named.dtype.kind == "U" or not samples) else None


def _is_plain(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether nothing is compressed and nothing stands for two, so that the arrays are no larger than their file."""
    members = archive.infolist()
    return not any(one.compress_type for one in members) and sum(one.file_size for one in members) <= size
