"""Writing that survives a kill or a power cut at any moment: every file appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from bench.records.layout import CellKey, RunLayout
from bench.records.schema import CellRecord, Record, dump, record_to_line, records_from_lines
from bench.strict_json import parse_json

__all__ = [
    "ASKED",
    "asked_of",
    "encode_records",
    "read_if_there",
    "read_sealed",
    "read_shard",
    "remove_abandoned",
    "sync_folder",
    "write_atomically",
    "write_cell",
    "write_lines",
    "write_shard",
]

ASKED = "asked"
"""In the marker of a whole cell: what the cell was asked to hold, as `run.json` says it."""

_PART = re.compile(r"\.(?P<machine>.*)-(?P<process>\d+)-[0-9a-f]{12}\.part")
_SEAL = b'{"sha256":"'
"""How the last line of a sealed file begins."""

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)
"""What a file system answers that cannot flush this kind of file."""


def write_atomically(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write a sibling and rename it over `path`; makes the folder. A pipe or a device is written to as it is.

    Processes that write the same file at the same time do not disturb one another: the last rename stays.

    Args:
        path: of the file.
        content: text is written as UTF-8.
        durable: whether the content is on the disk before the file has its name, for what a power cut must not take.
            What can be made again from the records needs no such wait.

    Raises:
        OSError: with `path` as its file name, whatever could not be done; nothing is left behind.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    part = path.with_name(f".{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:12]}.part")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        with _created(part) as file:
            file.write(data)
            if durable:
                file.flush()
                _sync(file.fileno())
        part.replace(path)
    except BaseException as error:  # Ctrl-C as well
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _created(path: Path) -> BinaryIO:
    """A new file, in a folder that is made where it is missing."""
    try:
        return path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk: afterwards no power cut brings back what stood there before.

    Raises:
        OSError: with the folder as its file name.
    """
    if os.name == "nt":  # it opens no folders
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        _sync(number)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        os.close(number)


def _sync_file(path: Path) -> None:
    """Flush a file that was written without waiting."""
    with path.open("rb+") as file:
        try:
            _sync(file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error


def _sync(number: int) -> None:
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def remove_abandoned(folder: Path, *, below: bool = True) -> None:
    """Remove from a folder, and from those below it, what processes of this machine left half-written when killed."""
    for part in folder.rglob(".*.part") if below else folder.glob(".*.part"):
        name = _PART.fullmatch(part.name)
        if name and name["machine"] == _machine() and not _is_alive(int(name["process"])):
            part.unlink(missing_ok=True)


@cache
def _machine() -> str:
    """The name of this machine, as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32]


def _is_alive(process: int) -> bool:
    """Whether a process runs; where that cannot be asked, as if it did."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Whether a process has ended and only waits for its parent to ask how; where /proc is missing, no."""
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return state[:1] == [b"Z"]


def read_if_there(path: Path) -> bytes | None:
    """The content of a file; None when there is no such file.

    Raises:
        OSError: with `path` as its file name, when it is there and cannot be read: nobody may take it as missing.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_shard(path: Path, records: Iterable[Record], *, sealed: bool = False) -> str:
    """Write the records of one shard, one JSON line each; returns the SHA-256 of the file.

    Args:
        sealed: whether a last line holds the SHA-256 of all others, for a file that no marker of a cell names.
    """
    content = encode_records(records)
    return write_lines(path, content + _seal_of(content) if sealed else content)


def encode_records(records: Iterable[Record]) -> bytes:
    """The lines of records."""
    return "".join(map(record_to_line, records)).encode(errors="backslashreplace")


def write_lines(path: Path, content: bytes) -> str:
    """Write the encoded records of one file; returns its SHA-256."""
    write_atomically(path, content, durable=True)
    return hashlib.sha256(content).hexdigest()


def _seal_of(content: bytes) -> bytes:
    return _SEAL + hashlib.sha256(content).hexdigest().encode() + b'"}\n'


def _unsealed(content: bytes) -> bytes:
    """The records of a file without its seal, if it has one; raises ValueError when the seal is not theirs."""
    start = content.rfind(b"\n", 0, -1) + 1
    if not content.startswith(_SEAL, start):
        return content
    if content[start:] != _seal_of(content[:start]):
        raise ValueError("a seal of other records")
    return content[:start]


def read_sealed(path: Path) -> bytes | None:
    """The lines of a sealed file as they stand; None of another file, or when the seal is not theirs.

    Raises:
        OSError: it is there and cannot be read.
    """
    content = read_if_there(path) or b""
    try:
        lines = _unsealed(content)
    except ValueError:
        return None
    return lines if len(lines) < len(content) else None


def read_shard(path: Path, samples: Iterable[str] | None = None) -> list[Record] | None:
    """The records of a shard; None when it is missing, damaged or not about `samples` (then run it again).

    Raises:
        OSError: it is there and cannot be read.
    """
    content = read_if_there(path)
    try:
        records = None if content is None else records_from_lines(_unsealed(content).decode("utf-8"))
    except (ValueError, KeyError, TypeError):
        return None
    if records is None or (samples is not None and [record.sample for record in records] != list(samples)):
        return None
    return records


def write_cell(
    layout: RunLayout, cell: CellRecord, shards: int, asked: str = "", written: Mapping[str, str] | None = None
) -> None:
    """Write `cell.json`, then the `done` marker, which holds the SHA-256 of every file of the cell.

    All that the marker speaks of is on the disk before the marker.

    Args:
        shards: how many files of records the cell has.
        asked: hash of what the cell was asked to hold, as in `run.json`.
        written: SHA-256 by file name of files that this process has just written; the others are read.
    """
    write_atomically(layout.cell_file(cell.key), cell.to_json(), durable=True)
    parts = ((layout.shard(cell.key, index), layout.features(cell.key, index)) for index in range(shards))
    others = (layout.others(cell.key), layout.others(cell.key).with_suffix(".npz"))
    checksums = dict(written or {})
    for file in (layout.cell_file(cell.key), *chain.from_iterable((*parts, others))):
        if file.name not in checksums and file.exists():
            checksums[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    for name in ("gallery", "several"):
        for picture in (layout.cell(cell.key) / name).rglob("*.png"):
            _sync_file(picture)
    sync_folder(layout.cell(cell.key))
    write_atomically(layout.done(cell.key), dump(checksums | ({ASKED: asked} if asked else {})), durable=True)
    sync_folder(layout.cell(cell.key))


def asked_of(layout: RunLayout, key: CellKey) -> str | None:
    """What a whole cell was asked to hold, empty up to format 2; None when the cell is not whole.

    Raises:
        OSError: its marker is there and cannot be read.
    """
    content = read_if_there(layout.done(key))
    try:
        return None if content is None else str(parse_json(content).get(ASKED, ""))
    except (ValueError, AttributeError):
        return None
