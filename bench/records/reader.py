"""Read a run back. Reporting, comparing and gating see a run through this module and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.errors import UsageError
from bench.records.caps import current_signature
from bench.records.decoding import FieldError, decode
from bench.records.files import ASKED
from bench.records.layout import CellKey, RunLayout
from bench.records.run_info import RunInfo
from bench.records.schema import FORMAT, CellRecord, Record, records_from_lines, without_format
from bench.records.store import CellFiles, open_cells
from bench.strict_json import parse_json

if TYPE_CHECKING:
    from bench.records.values import CellValues

__all__ = ["Run", "read_run", "read_run_info"]


@dataclass(frozen=True)
class Run:
    """One output folder.

    Attributes:
        layout: its paths.
        info: what `run.json` holds.
    """

    layout: RunLayout
    info: RunInfo
    _values: dict[CellKey, CellValues] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _files(self) -> CellFiles:
        return open_cells(self.layout)

    def keys(self) -> list[CellKey]:
        """The cells that the run consists of, whole or not, models first, in the order of `run.json`."""
        dataset = self.info.dataset
        return [
            CellKey(model.name, model.fingerprint, protocol, dataset.name, dataset.cell_revision)
            for model in self.info.models
            for protocol in self.info.protocols
        ]

    @cached_property
    def cells(self) -> dict[CellKey, CellRecord]:
        """The whole cells; raises UsageError when the summary of one was edited or damaged."""
        return {key: self._cell(key) for key in self.keys() if self._is_whole(key)}

    @property
    def missing(self) -> list[CellKey]:
        """The cells that are not whole yet."""
        return [key for key in self.keys() if not self._is_whole(key)]

    def records(self, key: CellKey) -> list[Record]:
        """The per-sample records of a whole cell, sorted by sample id; read anew at each call.

        Raises:
            UsageError: when they were edited or damaged.
        """
        found = []
        for name, content in self.files(key, "samples"):
            try:
                found += records_from_lines(content.decode("utf-8"))
            except (ValueError, KeyError, TypeError) as error:
                raise _damaged(self.layout.cell(key), f"{name} with lines that do not parse") from error
        return sorted(found, key=lambda record: record.sample)

    def values(self, key: CellKey) -> CellValues:
        """The records of a whole cell as arrays; read at the first call and kept.

        Raises:
            UsageError: when they were edited or damaged, hold a sample twice, or lost lines.
        """
        from bench.records.values import parse_values

        if key not in self._values:
            self._values[key] = parse_values(self.layout.cell(key), self.cells[key], self.files(key, "samples"))
        return self._values[key]

    def files(self, key: CellKey, kind: Literal["samples", "features"]) -> Iterator[tuple[str, bytes]]:
        """Name and content of every shard of a whole cell, in order; checked against what the run wrote.

        Raises:
            UsageError: when one was edited, damaged or taken away.
        """
        folder = self.layout.cell(key)
        for name, checksum in sorted(self._checksums(key).items()):
            if name.startswith(f"{kind}-"):
                yield name, self._checked(folder / name, checksum)

    def _is_whole(self, key: CellKey) -> bool:
        """Whether the cell holds what the run asked for last: a run may have grown since the cell was whole."""
        if not self._files.exists(self.layout.done(key)):
            return False
        return self._checksums(key).get(ASKED, "") == self.info.asked.get(key.protocol, "")

    def _cell(self, key: CellKey) -> CellRecord:
        folder, name = self.layout.cell(key), self.layout.cell_file(key).name
        content = self._checked(folder / name, self._checksums(key).get(name, ""))
        try:
            written, data = without_format(parse_json(content))
            cell = decode(CellRecord, data)
        except ValueError as error:
            raise _damaged(folder, str(error)) from error
        if cell.key.path != key.path:
            raise _damaged(folder, f"the files of another cell, {cell.key.path}")
        return self._migrated(key, cell) if written == 1 or not _is_current(cell) else cell

    def _migrated(self, key: CellKey, cell: CellRecord) -> CellRecord:
        """A cell of an earlier version with the intervals and caps of this one, taken from the samples."""
        from bench.records.scores import migrated
        from bench.records.values import parse_values

        return migrated(parse_values(self.layout.cell(key), cell, self.files(key, "samples")))

    def _checked(self, file: Path, checksum: str) -> bytes:
        try:
            content = self._files.read(file)
        except OSError as error:
            raise _damaged(file.parent, str(error)) from error
        if hashlib.sha256(content).hexdigest() != checksum:
            raise _damaged(file.parent, f"{file.name} with another SHA-256 than when it was written")
        return content

    def _checksums(self, key: CellKey) -> dict[str, str]:
        try:
            return dict(parse_json(self._files.read(self.layout.done(key))))
        except (OSError, ValueError, TypeError) as error:
            raise _damaged(self.layout.cell(key), str(error)) from error


def _is_current(cell: CellRecord) -> bool:
    """Whether the means of a cell have the caps that their metrics have now."""
    return all(score.signature == current_signature(score.signature) for score in cell.metrics.values())


def _damaged(folder: Path, found: str) -> UsageError:
    fix = "Run its command again, which repairs the cell. If that is refused, delete the folder and run again."
    return UsageError(f"cell {folder}", "be as the run wrote it", found, fix)


def read_run(out: Path) -> Run:
    """Open an output folder; raises UsageError, with the field, when its `run.json` is missing, damaged or foreign."""
    layout = RunLayout(out)
    return Run(layout, read_run_info(layout.run_file))


def read_run_info(file: Path) -> RunInfo:
    """Read a `run.json`.

    Raises:
        UsageError: when it is missing or does not parse, is of another format, or a field does not fit.
    """
    fix = "Give the -o folder of a run."
    try:
        info = RunInfo.from_data(parse_json(file.read_text(encoding="utf-8")))
    except FieldError as error:
        raise UsageError(f"field {error.field} of {file}", error.must, error.found, fix) from error
    except OSError:
        found = "no run.json"
    except ValueError:
        found = "a run.json that does not parse"
    else:
        return replace(info, metrics={name: current_signature(text) for name, text in info.metrics.items()})
    raise UsageError(f"folder {file.parent}", f"hold a run of format {FORMAT}", found, fix)
