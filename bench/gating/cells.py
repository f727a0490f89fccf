"""The per-picture numbers of a cell as arrays, checked: nothing is dropped in silence, nothing counted twice."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.records import CellKey, CellRecord, Record, Run, read_shard

__all__ = ["CellReader", "CellValues", "Floats"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CellValues:
    """One whole cell, sample by sample, sorted by sample id.

    Attributes:
        cell: its summary.
        samples: sample ids [N].
        status: `ok`, `failed` or `skipped` [N].
        reasons: why not `ok`, by sample id.
        pictures: what picture each sample was cut from [N]: the SHA-256 of its pixels.
        holes: SHA-256 of each hole [N].
        values: `metric.region` to float64 [N]; NaN where undefined or the sample is not `ok`, infinities as they are.
    """

    cell: CellRecord
    samples: tuple[str, ...]
    status: tuple[str, ...]
    reasons: dict[str, str]
    pictures: tuple[str, ...]
    holes: tuple[str, ...]
    values: dict[str, Floats]

    @cached_property
    def ok(self) -> frozenset[str]:
        """Samples with a usable prediction."""
        return frozenset(sample for sample, status in zip(self.samples, self.status, strict=True) if status == "ok")

    @cached_property
    def failed(self) -> frozenset[str]:
        """Samples without one."""
        return frozenset(sample for sample, status in zip(self.samples, self.status, strict=True) if status == "failed")

    @cached_property
    def row(self) -> dict[str, int]:
        """Sample id to its row."""
        return {sample: index for index, sample in enumerate(self.samples)}


class CellReader:
    """Reads each cell once, however many comparisons it takes part in."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, CellKey], CellValues] = {}

    def read(self, run: Run, key: CellKey) -> CellValues | None:
        """The cell's numbers, or None when it is not whole.

        Raises UsageError when it was edited or damaged, holds a sample twice, or lost lines.
        """
        if key not in run.cells:
            return None
        place = (str(run.layout.out), key)
        if place not in self._read:
            self._read[place] = _arrays(run, key)
        return self._read[place]


def _arrays(run: Run, key: CellKey) -> CellValues:
    cell, records = run.cells[key], _records(run, key)
    _check(run, key, records)
    blank = dict.fromkeys(cell.metrics, math.nan)
    rows = [list(map((blank | record.values if record.status == "ok" else blank).get, blank)) for record in records]
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(blank)).T
    return CellValues(
        cell=cell,
        samples=tuple(record.sample for record in records),
        status=tuple(record.status for record in records),
        reasons={record.sample: record.reason for record in records if record.status != "ok"},
        pictures=tuple(record.image_sha256 or record.sample for record in records),
        holes=tuple(record.hole_sha256 for record in records),
        values={name: np.ascontiguousarray(column) for name, column in zip(blank, columns, strict=True)},
    )


def _records(run: Run, key: CellKey) -> list[Record]:
    """Sorted by sample id, and not kept: as arrays they take a twentieth of the memory."""
    records: list[Record] = []
    for file in sorted(run.layout.cell(key).glob("samples-*.jsonl")):
        found = read_shard(file)
        if found is None:
            raise UsageError(
                f"records {file}", "be whole", "lines that do not parse", "Delete the cell's folder and run again."
            )
        records += found
    return sorted(records, key=lambda record: record.sample)


def _check(run: Run, key: CellKey, records: list[Record]) -> None:
    folder = run.layout.cell(key)
    twice = [sample for sample, times in Counter(record.sample for record in records).items() if times > 1]
    if twice:
        raise UsageError(
            f"cell {folder}",
            "hold each sample once",
            f"{len(twice)} twice, such as {min(twice)!r}",
            "Delete the folder and run again.",
        )
    if len(records) != run.cells[key].n:
        raise UsageError(
            f"cell {folder}",
            f"hold the {run.cells[key].n} records that its cell.json counts",
            f"{len(records)} that can be read",
            "Delete the folder and run again.",
        )
