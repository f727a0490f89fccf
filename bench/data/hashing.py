"""Hashes of the content of files, on several threads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.errors import DataError

__all__ = ["READING_THREADS", "check_readable", "hash_files"]

READING_THREADS = 8
_UNREADABLE = "unreadable"


def hash_files(paths: Sequence[Path]) -> list[str]:
    """SHA-256 of each content; of a file that cannot be read a word that no hash is: reading the sample says why."""
    with ThreadPoolExecutor(READING_THREADS) as pool:
        return list(pool.map(_sha256, paths))


def check_readable(paths: Sequence[Path], hashes: Sequence[str]) -> None:
    """Raise DataError for the first file that `hash_files` could not read; a hash may have a word before it."""
    for path, found in zip(paths, hashes, strict=True):
        if found.endswith(_UNREADABLE):
            raise DataError(f"file {path}", "be readable", _why_unreadable(path), "Check the file.")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _UNREADABLE


def _why_unreadable(path: Path) -> str:
    try:
        path.open("rb").close()
    except OSError as error:
        return error.strerror or str(error)
    return "a file that could not be read before"
