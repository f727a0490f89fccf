"""A file of pickles that one process appends to and another reads meanwhile; whole entries alone count."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Journal"]

_HEADER = struct.Struct("<QI")  # bytes of an entry, and their checksum


class Journal:
    """One side of the file.

    The file is opened anew for each call, so that a network file system shows what the other side wrote.

    Args:
        path: of the file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0

    def read(self) -> Iterator[Any]:
        """The entries that became whole since the last call."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
            start = 0
            while len(data) - start >= _HEADER.size:
                length, checksum = _HEADER.unpack_from(data, start)
                entry = data[start + _HEADER.size : start + _HEADER.size + length]
                if len(entry) < length or zlib.crc32(entry) != checksum:
                    return
                start += _HEADER.size + length
                self._offset += _HEADER.size + length
                yield pickle.loads(entry)  # noqa: S301 (of a process that this command started)

    def create(self) -> None:
        """Make the file: a network file system remembers for a while that a file was not there."""
        self._path.touch()

    def drop_torn(self) -> None:
        """Cut off what a process that died left behind the entries that `read` has given, all of them."""
        os.truncate(self._path, self._offset)

    def append(self, entry: Any) -> None:
        """Write an entry; raises what pickling it raises before a byte is written."""
        data = pickle.dumps(entry)
        with self._path.open("ab") as file:
            file.write(_HEADER.pack(len(data), zlib.crc32(data)) + data)
