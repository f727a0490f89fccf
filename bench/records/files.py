"""Writing that survives a kill at any moment: every file appears whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import EnvironmentFailure, RunConflict
from bench.records.layout import CellKey, RunLayout
from bench.records.schema import CellRecord, Record, dump, record_to_line, records_from_lines
from bench.strict_json import parse_json

__all__ = ["ASKED", "asked_of", "locked", "read_shard", "write_atomically", "write_cell", "write_shard"]

ASKED = "asked"
"""In the marker of a whole cell: what the cell was asked to hold, as `run.json` says it."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a sibling and rename it over `path`; makes the folder. A pipe or a device is written to as it is.

    Not flushed to the disk: a killed process loses nothing by that, and after a power cut the checksums tell.

    Raises:
        OSError: with `path` as its file name, whatever could not be done; nothing is left behind.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold an output folder (made if it is not there): two commands at once would mix their files.

    When the block raises, a lock and empty folders that were made for it are removed.

    Raises:
        RunConflict: when another process holds it.
        EnvironmentFailure: when the folder was moved or deleted meanwhile.
    """
    from filelock import FileLock, Timeout

    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    out.mkdir(parents=True, exist_ok=True)
    file = out / ".lock"
    first = not file.exists()
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        must, fix = "be used by one command at a time", "Wait for it, or choose another folder with -o."
        raise RunConflict(f"output folder {out}", must, "another one at work", fix) from error
    try:
        yield
        if not file.exists():
            raise _vanished(out)
    except BaseException as error:
        gone = not file.exists()
        lock.release()
        if first:
            file.unlink(missing_ok=True)
        _remove_empty(made)
        if gone and isinstance(error, Exception):
            raise _vanished(out) from error
        raise
    finally:
        lock.release()


def _vanished(out: Path) -> EnvironmentFailure:
    fix = "Run the same command again."
    return EnvironmentFailure(f"output folder {out}", "stay where it is", "it moved or deleted meanwhile", fix)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, up to the first one that holds something."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def write_shard(path: Path, records: Iterable[Record]) -> None:
    """Write the records of one shard, one JSON line each."""
    write_atomically(path, "".join(map(record_to_line, records)))


def read_shard(path: Path, samples: Iterable[str] | None = None) -> list[Record] | None:
    """The records of a shard; None when it is missing, damaged or not about `samples` (then run it again)."""
    try:
        records = records_from_lines(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if samples is not None and [record.sample for record in records] != list(samples):
        return None
    return records


def write_cell(layout: RunLayout, cell: CellRecord, shards: int, asked: str = "") -> None:
    """Write `cell.json`, then the `done` marker, which holds the SHA-256 of every file of the cell.

    Args:
        shards: how many files of records the cell has.
        asked: hash of what the cell was asked to hold, as in `run.json`.
    """
    write_atomically(layout.cell_file(cell.key), cell.to_json())
    parts = ((layout.shard(cell.key, index), layout.features(cell.key, index)) for index in range(shards))
    others = (layout.others(cell.key), layout.others(cell.key).with_suffix(".npz"))
    written = (file for pair in (*parts, others) for file in pair if file.exists())
    files = [layout.cell_file(cell.key), *written]
    checksums = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    write_atomically(layout.done(cell.key), dump(checksums | ({ASKED: asked} if asked else {})))


def asked_of(layout: RunLayout, key: CellKey) -> str | None:
    """What a whole cell was asked to hold, empty up to format 2; None when the cell is not whole."""
    try:
        return str(parse_json(layout.done(key).read_bytes()).get(ASKED, ""))
    except (OSError, ValueError, AttributeError):
        return None
