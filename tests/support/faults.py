"""A disk that fails: what is written below a folder is counted, and fails from one operation on."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest import mock

__all__ = ["Event", "FaultyDisk", "faulty_disk"]


@dataclass(frozen=True)
class Event:
    """Something that was done to the disk: `write`, `fsync`, `rename` or `remove`.

    Attributes:
        kind: of these.
        path: what was written, flushed or removed; the new name of what was renamed.
        data: what was appended.
        source: the old name of what was renamed.
    """

    kind: str
    path: Path
    data: bytes = b""
    source: Path | None = None


class FaultyDisk:
    """Counts operations that write below a folder: a file is opened, written to, flushed or renamed, a folder made.

    Removing counts only where the file system is read-only: a full disk allows it.

    Args:
        root: what lies elsewhere is not touched.
        number: of the error that is raised, of `errno`.
        first: the operation, from 1 on, that fails, and with it all later ones; 0 for none. Half of a failing write is
            on the disk.
        on_fault: called in place of raising, say to end the process.
    """

    def __init__(
        self, root: Path, number: int = errno.ENOSPC, first: int = 0, on_fault: Callable[[], None] | None = None
    ) -> None:
        self.root, self.number, self.first, self.on_fault = root.absolute(), number, first, on_fault
        self.seen: list[str] = []
        self.journal: list[Event] = []

    def begin(self, operation: str, path: object) -> bool:
        """Count an operation; whether it fails."""
        if not isinstance(path, str | os.PathLike) or not Path(os.fsdecode(path)).absolute().is_relative_to(self.root):
            return False
        self.seen.append(f"{operation} {Path(os.fsdecode(path)).absolute().relative_to(self.root)}")
        return 0 < self.first <= len(self.seen)

    def note(self, kind: str, path: object, data: bytes = b"", source: object = None) -> None:
        """Add to the journal what was done to a path below the folder."""
        if isinstance(path, str | os.PathLike) and Path(os.fsdecode(path)).absolute().is_relative_to(self.root):
            old = Path(os.fsdecode(source)).absolute() if isinstance(source, str | os.PathLike) else None
            self.journal.append(Event(kind, Path(os.fsdecode(path)).absolute(), data, old))

    def fail(self, path: object) -> OSError:
        """The error of a failing operation."""
        if self.on_fault:
            self.on_fault()
        return OSError(self.number, os.strerror(self.number), os.fsdecode(path) if isinstance(path, Path) else path)


class _File:
    """A file opened for writing."""

    def __init__(self, file: Any, path: object, disk: FaultyDisk) -> None:
        self._file, self._path, self._disk = file, path, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _File:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def write(self, data: Any) -> int:
        """Write, or half of it and an error."""
        if self._disk.begin("write", self._path):
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise self._disk.fail(None)  # which names no file, as that of the system does not
        if isinstance(data, bytes):
            self._disk.note("write", self._path, data)
        return int(self._file.write(data))


@contextmanager
def faulty_disk(disk: FaultyDisk) -> Iterator[FaultyDisk]:
    """Inside, this process writes to the faulty disk."""
    real_open, replace, mkdir, fsync, unlink = io.open, os.replace, os.mkdir, os.fsync, os.unlink

    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if not set(mode) & set("wax+"):
            return real_open(file, mode, *arguments, **named)
        if disk.begin("open", file):
            raise disk.fail(file)
        made = real_open(file, mode, *arguments, **named)
        return made if isinstance(file, int) else _File(made, file, disk)

    def renamed(source: Any, target: Any, **named: Any) -> None:
        if disk.begin("rename", target):
            raise disk.fail(target)
        replace(source, target, **named)
        disk.note("rename", target, source=source)

    def made(path: Any, *arguments: Any, **named: Any) -> None:
        if disk.begin("mkdir", path):
            raise disk.fail(path)
        mkdir(path, *arguments, **named)

    def flushed(number: int) -> None:
        path = Path(f"/proc/self/fd/{number}").readlink()
        if disk.begin("fsync", path):
            raise OSError(disk.fail(path).errno, os.strerror(disk.number))  # which names no file
        fsync(number)
        disk.note("fsync", path)

    def removed(path: Any, *, dir_fd: int | None = None) -> None:
        whole = path if dir_fd is None else Path(f"/proc/self/fd/{dir_fd}").readlink() / path
        if disk.number == errno.EROFS and disk.begin("remove", whole):
            raise disk.fail(whole)
        unlink(path, dir_fd=dir_fd)
        disk.note("remove", whole)

    with (
        mock.patch.object(os, "unlink", removed),
        mock.patch.object(io, "open", opened),
        mock.patch.object(builtins, "open", opened),
        mock.patch.object(os, "replace", renamed),
        mock.patch.object(os, "mkdir", made),
        mock.patch.object(os, "fsync", flushed),
    ):
        yield disk
