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
    found = _read(path) or {}
    samples = found.pop("samples", np.array([])).tolist()
    if any(len(rows) != len(samples) for rows in found.values()):
        return {}
    return {sample: {name: rows[index] for name, rows in found.items()} for index, sample in enumerate(samples)}


def read_cell_features(folder: Path, kind: str) -> CellFeatures | None:
    """One kind of features of a whole cell; None when the cell has none of it, or no sample was scored.

    Args:
        folder: of the cell.
        kind: such as `fid`.
    """
    shards = [_read(file) for file in sorted(folder.glob("features-*.npz"))]
    parts = [shard for shard in shards if shard is not None and kind in shard and len(shard["samples"])]
    if not parts or len(shards) > sum(shard is not None for shard in shards):
        return None
    samples = [str(sample) for part in parts for sample in part["samples"]]
    order = sorted(range(len(samples)), key=samples.__getitem__)
    truth, completed = (np.concatenate([part[name] for part in parts])[order] for name in (f"truth-{kind}", kind))
    return CellFeatures(tuple(sorted(samples)), truth, completed)


def _read(path: Path) -> dict[str, npt.NDArray[Any]] | None:
    content = read_if_there(path)
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            found: dict[str, npt.NDArray[Any]] = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    return found if "samples" in found else None
