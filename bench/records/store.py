"""Where the record files of a run's cells are read from: the folder `cells/`, or the one file that they are packed in.

A packed run holds, in place of `cells/`, the file `cells.json.xz`: a JSON object, compressed by xz, of `format` and
`files`, which maps each record file's path under `cells/` to its text. Its bytes depend on the record files alone.
Nothing is ever unpacked to the disk: a path in the file is a name to look up, whatever it says.
"""

from __future__ import annotations

import json
import lzma
import typing
from pathlib import Path

from bench.errors import TooLarge, UsageError
from bench.records.decoding import FieldError, decode
from bench.records.files import write_atomically
from bench.records.layout import RunLayout
from bench.strict_json import parse_json

__all__ = ["PACK_FORMAT", "CellFiles", "open_cells", "pack_cells"]

PACK_FORMAT = 1
"""Version of `cells.json.xz`; a reader refuses another one."""

_MOST_BYTES = 1 << 28
"""Of the texts in `cells.json.xz`, those of half a million records; a file of a few kilobytes can claim any number."""
_DECODER_BYTES = 1 << 27
"""Memory of xz itself; its highest preset takes half of it."""
_RECORD_FILES = ("cell.json", "done", "samples-*.jsonl")
_FIX = "Copy the file again, or run the suite into another folder with -o."


class CellFiles(typing.Protocol):
    """Record files of cells, by their full path."""

    def exists(self, path: Path) -> bool:
        """Whether the file is there."""
        ...

    def read(self, path: Path) -> bytes:
        """Its content; raises OSError when it is not there."""
        ...


class FolderFiles:
    """Files as they lie under `cells/`."""

    def exists(self, path: Path) -> bool:
        """Whether the file is there."""
        return path.exists()

    def read(self, path: Path) -> bytes:
        """Its content; raises OSError when it is not there."""
        return path.read_bytes()


class PackedFiles:
    """Files of a packed run.

    Args:
        cells: the folder that they would lie under.
        files: path under it to the text.
    """

    def __init__(self, cells: Path, files: dict[str, str]) -> None:
        self._cells, self._files = cells, files

    def exists(self, path: Path) -> bool:
        """Whether the pack holds the file."""
        return self._name(path) in self._files

    def read(self, path: Path) -> bytes:
        """Its content; raises FileNotFoundError when the pack does not hold it."""
        try:
            return self._files[self._name(path)].encode()
        except KeyError:
            raise FileNotFoundError(f"{self._name(path)} is not in the packed cells") from None

    def _name(self, path: Path) -> str:
        return path.relative_to(self._cells).as_posix()


def open_cells(layout: RunLayout) -> CellFiles:
    """The record files of a run.

    Raises:
        UsageError: when packed cells are damaged or of another format, or a folder `cells/` stands beside them.
    """
    packed = layout.packed_cells
    if not packed.exists():
        return FolderFiles()
    if layout.cells.exists():
        found = f"both {layout.cells.name}/ and {packed.name}"
        raise UsageError(f"folder {layout.out}", "hold its cells once", found, "Delete one of the two.")
    return PackedFiles(layout.cells, _read_pack(packed))


def pack_cells(layout: RunLayout, target: Path) -> None:
    """Write the records of all cells of a run into one file; the same records give the same bytes.

    Pictures and features of the cells are left out.
    """
    files = sorted({file for pattern in _RECORD_FILES for file in layout.cells.glob(f"*/*/*/*/{pattern}")})
    texts = {file.relative_to(layout.cells).as_posix(): file.read_text(encoding="utf-8") for file in files}
    data = {"format": PACK_FORMAT, "files": texts}
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    write_atomically(target, lzma.compress(text.encode(), format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME))


def _read_pack(packed: Path) -> dict[str, str]:
    try:
        data = parse_json(_unpacked(packed))
        if not isinstance(data, dict) or data.get("format") != PACK_FORMAT:
            raise FieldError("format", f"be {PACK_FORMAT}", "another one, or none")
        files = decode(dict[str, str], data.get("files"), "files")
    except FieldError as error:
        raise UsageError(f"field {error.field} of {packed}", error.must, error.found, _FIX) from error
    except (lzma.LZMAError, OSError, ValueError) as error:
        raise UsageError(f"file {packed}", "be whole", f"one that does not unpack ({error})", _FIX) from error
    for name in files:
        parts = name.split("/")
        if len(parts) != 5 or {"", ".", ".."} & set(parts):
            must = "name files as MODEL/FINGERPRINT/PROTOCOL/DATASET/FILE"
            raise UsageError(f"file {packed}", must, repr(name[:100]), _FIX)
    return files


def _unpacked(packed: Path) -> bytes:
    """The content of an xz file; raises LZMAError, OSError or ValueError, and TooLarge for more than any pack has."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, _DECODER_BYTES)
    found = decoder.decompress(packed.read_bytes(), _MOST_BYTES + 1)
    if len(found) > _MOST_BYTES:
        raise TooLarge(f"file {packed}", f"hold at most {_MOST_BYTES:,} bytes", "more", _FIX)
    if not decoder.eof or decoder.unused_data:
        raise ValueError("a part of it is missing" if not decoder.eof else "something stands behind it")
    return found
