"""The records of a whole cell as arrays, checked: nothing is dropped in silence, nothing counted twice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

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
    records = [data for name, content in shards for data in _parsed(folder / name, content)]
    records.sort(key=itemgetter("sample"))
    samples = tuple(data["sample"] for data in records)
    _check(folder, samples, cell.n)
    try:
        hole_share = np.array([data["hole_share"] for data in records], dtype=np.float64)
        values = _columns(records, [*cell.metrics, *cell.by_class])
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise _damaged(f"cell {folder}", f"a value that is no number ({error})") from error
    return CellValues(
        cell=cell,
        samples=samples,
        status=tuple(data["status"] for data in records),
        reasons={data["sample"]: data["reason"] for data in records if data["status"] != "ok"},
        pictures=tuple(data["image_sha256"] or data["sample"] for data in records),
        holes=tuple(data["hole_sha256"] for data in records),
        removed=tuple(data.get("removed_sha256", "") for data in records),
        edits=tuple(data.get("edit_sha256", "") for data in records),
        hole_share=hole_share,
        values=values,
    )


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


def _columns(records: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Floats]:
    """`names` to float64 [N]; NumPy reads null as NaN and `"inf"` as what it says, as the schema spells them."""
    rows = [data["values"] if data["status"] == "ok" else {} for data in records]
    return {name: np.array(_column(rows, name), dtype=np.float64) for name in names}


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
