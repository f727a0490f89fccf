"""Read a run back. Reporting, comparing and gating see a run through this module and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError
from bench.records.files import read_shard
from bench.records.layout import CellKey, RunLayout
from bench.records.schema import FORMAT, CellRecord, Record

if TYPE_CHECKING:
    from bench.records.values import CellValues

__all__ = ["Run", "read_run"]


@dataclass(frozen=True)
class Run:
    """One output folder.

    Attributes:
        layout: its paths.
        info: `run.json`: `suite`, `dataset` (name, split, size, limit, revision, n, classes), `protocols`, `metrics`
            (name to signature by region), `seed`, `models` (name, fingerprint, labels, in table order), `gallery`
            (sample ids), `versions`, `environment`.
    """

    layout: RunLayout
    info: dict[str, Any]
    _values: dict[CellKey, CellValues] = field(default_factory=dict, init=False, repr=False, compare=False)

    def keys(self) -> list[CellKey]:
        """The cells that the run consists of, whole or not, models first, in the order of `run.json`."""
        dataset = self.info["dataset"]
        return [
            CellKey(model["name"], model["fingerprint"], protocol, dataset["name"], dataset["revision"])
            for model in self.info["models"]
            for protocol in self.info["protocols"]
        ]

    @cached_property
    def cells(self) -> dict[CellKey, CellRecord]:
        """The whole cells; raises UsageError when one was edited or damaged."""
        return {key: self._cell(key) for key in self.keys() if self.layout.done(key).exists()}

    @property
    def missing(self) -> list[CellKey]:
        """The cells that are not whole yet."""
        return [key for key in self.keys() if not self.layout.done(key).exists()]

    def records(self, key: CellKey) -> list[Record]:
        """The per-sample records of a whole cell, sorted by sample id; read anew at each call."""
        files = sorted(self.layout.cell(key).glob("samples-*.jsonl"))
        found = (record for file in files for record in read_shard(file) or ())
        return sorted(found, key=lambda record: record.sample)

    def values(self, key: CellKey) -> CellValues:
        """The records of a whole cell as arrays; read at the first call and kept.

        Raises:
            UsageError: when the cell was edited or damaged, holds a sample twice, or lost lines.
        """
        from bench.records.values import read_values

        if key not in self._values:
            self._values[key] = read_values(self.layout.cell(key), self.cells[key])
        return self._values[key]

    def _cell(self, key: CellKey) -> CellRecord:
        folder = self.layout.cell(key)
        try:
            for name, checksum in json.loads(self.layout.done(key).read_text(encoding="utf-8")).items():
                if hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
                    raise ValueError(f"{name} with another SHA-256 than when it was written")
            return CellRecord.from_json(self.layout.cell_file(key).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"cell {folder}", "be as the run wrote it", str(error), "Delete the folder and run again."
            ) from error


def read_run(out: Path) -> Run:
    """Open an output folder; raises UsageError when no run of this format is there."""
    layout = RunLayout(out)
    try:
        info = json.loads(layout.run_file.read_text(encoding="utf-8"))
        found = f"format {info['format']}" if info["format"] != FORMAT else ""
    except OSError:
        found = "no run.json"
    except (ValueError, KeyError, TypeError):
        found = "a run.json that does not parse"
    if found:
        raise UsageError(f"folder {out}", f"hold a run of format {FORMAT}", found, "Give the -o folder of a run.")
    return Run(layout, info)
