"""Features of a cell's pictures on disk, a file a shard: what distances between sets of pictures are taken of.

A file holds `samples`, the ids of the samples that were scored, and for each kind of features float32 [N, D] of the
completed pictures under the kind's name, and of the untouched ones under `truth-` and that name.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.records.files import read_if_there, write_atomically

__all__ = ["CellFeatures", "Features", "read_all_features", "read_cell_features", "write_features"]

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


def write_features(path: Path, samples: Sequence[str], features: Mapping[str, Features]) -> None:
    """Write one shard's features.

    Args:
        samples: ids of the N samples that the rows belong to.
        features: name to float32 [N, D].
    """
    arrays: dict[str, Any] = {"samples": np.array(samples, dtype=np.str_), **features}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue(), durable=True)


def read_all_features(path: Path) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """All features of a file by sample and name, float32 [D] each; empty when the file is missing or damaged."""
    found = _read(path)
    if found is None:
        return {}
    samples, rows = found
    return {sample: {name: of_kind[index] for name, of_kind in rows.items()} for index, sample in enumerate(samples)}


def read_cell_features(folder: Path, kind: str) -> CellFeatures | None:
    """One kind of features of a whole cell; None when the cell has none of it, or no sample was scored.

    Args:
        folder: of the cell.
        kind: such as `fid`.
    """
    names = (f"truth-{kind}", kind)
    shards = [_read(file) for file in sorted(folder.glob("features-*.npz"))]
    parts = [(samples, rows) for samples, rows in filter(None, shards) if samples and all(n in rows for n in names)]
    if not parts or None in shards or len({rows[name].shape[1] for _, rows in parts for name in names}) > 1:
        return None
    samples = [sample for part, _ in parts for sample in part]
    order = sorted(range(len(samples)), key=samples.__getitem__)
    truth, completed = (np.concatenate([rows[name] for _, rows in parts])[order] for name in names)
    return CellFeatures(tuple(sorted(samples)), truth, completed)


def _read(path: Path) -> tuple[list[str], dict[str, Features]] | None:
    """Samples, and the rows of each kind of features; None for a file that is not as `write_features` writes it."""
    content = read_if_there(path)
    if content is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        # Nothing is compressed and nothing stands for two, so that the arrays are no larger than their file.
        if any(one.compress_type for one in members) or sum(one.file_size for one in members) > len(content):
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
