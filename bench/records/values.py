"""The records of a whole cell as arrays, checked: nothing is dropped in silence, nothing counted twice."""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from bench.errors import UsageError
from bench.records.caps import capped
from bench.records.schema import OPTIONAL_FIELDS, CellRecord, Record, Score, Status, check_record
from bench.strict_json import parse_lines

__all__ = ["CellValues", "Floats", "parse_values"]

Floats = npt.NDArray[np.float64]

_FIELDS = {field.name for field in fields(Record)}


@dataclass(frozen=True)
class CellValues:
    """One whole cell, sample by sample, sorted by sample id: a tenth of the memory that its records take.

    Attributes:
        cell: its summary.
        samples: sample ids [N].
        status: `ok`, `failed` or `skipped` [N].
        reasons: why not `ok`, by sample id.
        pictures: what picture each sample was cut from [N]: the SHA-256 of its pixels, or else the sample's id.
        holes: SHA-256 of each hole [N].
        removed: hash of what a removal takes out of each sample [N]; empty under another task.
        edits: hash of the edited label map of each sample [N]; empty under another task.
        hole_share: missing pixels over all pixels, float64 [N]; NaN where there is no hole.
        values: `metric.region`, and `metric.region.class` of metrics by class, to float64 [N]; NaN where undefined or
            the sample is not `ok`, infinities as they are.
    """

    cell: CellRecord
    samples: tuple[str, ...]
    status: tuple[Status, ...]
    reasons: dict[str, str]
    pictures: tuple[str, ...]
    holes: tuple[str, ...]
    removed: tuple[str, ...]
    edits: tuple[str, ...]
    hole_share: Floats
    values: dict[str, Floats]

    @cached_property
    def counted(self) -> dict[str, Floats]:
        """`values` as means and tests count them: none above its metric's cap."""
        return {name: capped(values, self.scores[name].signature) for name, values in self.values.items()}

    @cached_property
    def scores(self) -> dict[str, Score]:
        """The cell's numbers, those of single classes too."""
        return self.cell.metrics | self.cell.by_class

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


def parse_values(folder: Path, cell: CellRecord, shards: Iterable[tuple[str, bytes]]) -> CellValues:
    """The shards of a cell as arrays.

    Args:
        folder: of the cell, for messages.
        cell: its summary: which values there are, and how many samples.
        shards: name and content of the files.

    Raises:
        UsageError: when a shard has damaged lines, a sample is there twice, or lines are lost.
    """
    table = _Table((*cell.metrics, *cell.by_class))
    for name, content in shards:
        records = _parsed(folder / name, content)
        try:
            table.add(records)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise _damaged(f"cell {folder}", f"a value that is no number ({error})") from error
    _check(folder, table.texts["sample"], cell.n)
    return table.sorted_values(cell)


_COLUMNS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "sample": lambda data: data["sample"],
    "status": lambda data: data["status"],
    "picture": lambda data: data["image_sha256"] or data["sample"],
    "hole": lambda data: data["hole_sha256"],
    "removed": lambda data: data.get("removed_sha256", ""),
    "edit": lambda data: data.get("edit_sha256", ""),
}


class _Table:
    """The records of a cell by column, filled shard by shard: parsed lines take ten times the memory.

    Args:
        names: of the values.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.texts: dict[str, list[str]] = {column: [] for column in _COLUMNS}
        self._reasons: dict[str, str] = {}
        self._hole_share = array("d")
        self._values = {name: array("d") for name in names}

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """Take in a shard; raises ValueError, TypeError, AttributeError or OverflowError for what is no number.

        NumPy reads null as NaN and `"inf"` as what it says, as the schema spells them.
        """
        for column, read in _COLUMNS.items():  # one text in memory for all cells
            self.texts[column] += [sys.intern(read(data)) for data in records]
        self._reasons |= {data["sample"]: data["reason"] for data in records if data["status"] != "ok"}
        _extend(self._hole_share, [data["hole_share"] for data in records])
        rows = [data["values"] if data["status"] == "ok" else {} for data in records]
        for name, column_of in self._values.items():
            _extend(column_of, _column(rows, name))

    def sorted_values(self, cell: CellRecord) -> CellValues:
        """All columns, sorted by sample id."""
        order = sorted(range(len(self._hole_share)), key=self.texts["sample"].__getitem__)
        texts = {column: tuple(map(found.__getitem__, order)) for column, found in self.texts.items()}
        return CellValues(
            cell=cell,
            samples=texts["sample"],
            status=cast("tuple[Status, ...]", texts["status"]),
            reasons={sample: self._reasons[sample] for sample in texts["sample"] if sample in self._reasons},
            pictures=texts["picture"],
            holes=texts["hole"],
            removed=texts["removed"],
            edits=texts["edit"],
            hole_share=np.array(self._hole_share, np.float64)[order],
            values={name: np.array(found, np.float64)[order] for name, found in self._values.items()},
        )


def _extend(column: array[float], values: Sequence[Any]) -> None:
    numbers = np.array(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise ValueError("a list")
    column.frombytes(numbers.tobytes())


def _parsed(file: Path, content: bytes) -> list[dict[str, Any]]:
    try:
        found = parse_lines(content.decode("utf-8"))
        for data in found:
            check_record(data)
        if all(data.keys() | set(OPTIONAL_FIELDS) == _FIELDS for data in found):
            return found
    except (ValueError, AttributeError, KeyError, TypeError):
        pass
    raise _damaged(f"records {file}", "lines that do not parse")


def _column(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:  # some samples do not have it
        return [row.get(name, math.nan) for row in rows]


def _check(folder: Path, samples: Sequence[str], n: int) -> None:
    """What checksums do not see: a cell that was reduced from other lines than those that can be read."""
    twice = [sample for sample, times in Counter(samples).items() if times > 1]
    if twice:
        found = f"{len(twice)} twice, such as {min(twice)!r}"
        raise UsageError(f"cell {folder}", "hold each sample once", found, "Delete the folder and run again.")
    if len(samples) != n:
        must = f"hold the {n} records that its cell.json counts"
        found = f"{len(samples)} that can be read"
        raise UsageError(f"cell {folder}", must, found, "Delete the folder and run again.")


def _damaged(subject: str, found: str) -> UsageError:
    return UsageError(subject, "be whole", found, "Delete the cell's folder and run again.")
