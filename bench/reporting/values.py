"""The per-picture values of a run as arrays: read once, shared by all tables, plots and grids."""

from __future__ import annotations

import functools
import math
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.records import CellKey, Record, Run

if TYPE_CHECKING:
    from bench.records.schema import Status

__all__ = ["Block", "Floats", "once_a_run", "values_of"]

Floats = npt.NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Block:
    """One protocol: M models in the order of the run, N samples sorted by id.

    Attributes:
        samples: ids [N].
        pictures: what each sample was cut from [N], the SHA-256 of its pixels: samples of one picture are a cluster.
        status: of each model on each sample [M][N]; None where the cell is not whole.
        hole_share: missing pixels over all pixels, float64 [M, N]; NaN where there is no hole, or no record.
        values: `metric.region` to float64 [M, N]; NaN where undefined or not scored, infinities as they are.
    """

    samples: tuple[str, ...]
    pictures: tuple[str, ...]
    status: tuple[tuple[Status | None, ...], ...]
    hole_share: Floats
    values: dict[str, Floats]

    def having(self, status: Status) -> npt.NDArray[np.bool_]:
        """Where a model has that status, bool [M, N]."""
        found = [[one == status for one in of_model] for of_model in self.status]
        return np.array(found, dtype=bool).reshape(self.hole_share.shape)


def once_a_run(function: Callable[[Run], T]) -> Callable[[Run], T]:
    """Call `function` once for every Run object, and keep what it gives for as long as that object lives."""
    found: dict[int, T] = {}

    @functools.wraps(function)
    def cached(run: Run) -> T:
        if id(run) not in found:
            found[id(run)] = function(run)
            weakref.finalize(run, found.pop, id(run), None)
        return found[id(run)]

    return cached


@once_a_run
def values_of(run: Run) -> dict[str, Block]:
    """Protocol to its values, in the order of the run.

    Raises:
        UsageError: when a cell was edited or damaged, lost records, or holds a sample twice.
    """
    keys = run.keys()
    return {
        protocol: _block(run, [key for key in keys if key.protocol == protocol]) for protocol in run.info["protocols"]
    }


def _block(run: Run, keys: Sequence[CellKey]) -> Block:
    names = list(dict.fromkeys(name for key in keys if key in run.cells for name in run.cells[key].metrics))
    parts = [_Part(run, key, names) if key in run.cells else None for key in keys]
    pictures: dict[str, str] = {}
    for part in parts:
        pictures = part.pictures | pictures if part else pictures
    samples = tuple(sorted(pictures))
    status = tuple(part.status_of(samples) if part else (None,) * len(samples) for part in parts)
    columns = np.full((1 + len(names), len(keys), len(samples)), math.nan)
    place = {sample: index for index, sample in enumerate(samples)}
    for index, part in enumerate(parts):
        if part:
            columns[:, index, [place[sample] for sample in part.pictures]] = part.columns
    values = dict(zip(names, columns[1:], strict=True))
    return Block(samples, tuple(pictures[sample] for sample in samples), status, columns[0], values)


class _Part:
    """One cell: its samples, and hole share and values as float64 [1 + K, N]."""

    def __init__(self, run: Run, key: CellKey, names: Sequence[str]) -> None:
        records = run.records(key)
        _check(run, key, records)
        self._status = {record.sample: record.status for record in records}
        self.pictures = {record.sample: record.image_sha256 or record.sample for record in records}
        rows = [[record.hole_share, *_values(record, names)] for record in records]
        self.columns = np.array(rows, dtype=np.float64).reshape(len(rows), 1 + len(names)).T

    def status_of(self, samples: Sequence[str]) -> tuple[Status | None, ...]:
        return tuple(map(self._status.get, samples))


def _values(record: Record, names: Sequence[str]) -> list[float]:
    if record.status != "ok":
        return [math.nan] * len(names)
    return [record.values.get(name, math.nan) for name in names]


def _check(run: Run, key: CellKey, records: Sequence[Record]) -> None:
    """What checksums do not see: a cell that was reduced from other lines than those that can be read."""
    n, folder = run.cells[key].n, run.layout.cell(key)
    twice = [sample for sample, times in Counter(record.sample for record in records).items() if times > 1]
    if twice:
        found = f"{len(twice)} twice, such as {min(twice)!r}"
        raise UsageError(f"cell {folder}", "hold each sample once", found, "Delete the folder and run again.")
    if len(records) != n:
        found = f"{len(records)} that can be read"
        must = f"hold the {n} records that its cell.json counts"
        raise UsageError(f"cell {folder}", must, found, "Delete the folder and run again.")
