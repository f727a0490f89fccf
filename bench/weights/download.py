"""Downloading one weight file: into `NAME.part`, resumed after an interruption, renamed when its hash is right."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from io import FileIO
from pathlib import Path

from filelock import FileLock

from bench.errors import EnvironmentFailure, WeightsMissing
from bench.weights.catalogue import WeightFile

__all__ = ["download"]

_TRIES = 3
_SECONDS = 20
"""Without an answer."""
_CHUNK = 1 << 20


def download(file: WeightFile, folder: Path, progress: Callable[[int], None]) -> Path:
    """Fetch a file into a folder, unless another process has just done so.

    What came before an interruption stays in `NAME.part` and is continued at the next call. A whole file with another
    hash is kept as `NAME.rejected`, for a look, and never used.

    Raises:
        WeightsMissing: the folder cannot be written, the address does not answer, or the hash is wrong.
        EnvironmentFailure: the disk is full; what came stays.
    """
    target = folder / file.file
    with _locked(file, folder):
        if not target.exists():
            part = target.with_name(target.name + ".part")
            _receive(file, part, progress)
            _check(file, part)
            part.replace(target)
    return target


@contextmanager
def _locked(file: WeightFile, folder: Path) -> Iterator[None]:
    """Hold the file's lock: processes that want the same file wait for one download."""
    lock = FileLock(folder / f".{file.file}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        fix = "Name a folder with SPGBENCH_CACHE, or one that holds the file with SPGBENCH_WEIGHTS."
        raise WeightsMissing(f"weights folder {folder}", "be writable", str(error), fix) from error
    try:
        yield
    finally:
        lock.release()


def _receive(file: WeightFile, part: Path, progress: Callable[[int], None]) -> None:
    """All bytes of the file into `part`; a connection that breaks is taken up where it broke, one that fails is not."""
    if _size(part) > file.size:
        part.unlink()
    progress(_size(part))
    reason = ""
    for _ in range(_TRIES):
        before = _size(part)
        try:
            _continue(file, part, progress)
        except urllib.error.HTTPError as error:
            raise _unreachable(file, f"{error.code} {error.reason}") from error
        except (OSError, HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if _size(part) >= file.size:
            return
        if _size(part) == before:
            break
    raise _unreachable(file, reason or f"{_size(part):,} of {file.size:,} bytes")


def _continue(file: WeightFile, part: Path, progress: Callable[[int], None]) -> None:
    """Append what is missing, in one request; a server that cannot continue sends everything again."""
    start = _size(part)
    if start == file.size:
        return
    headers = {"User-Agent": "spgbench", **({"Range": f"bytes={start}-"} if start else {})}
    request = urllib.request.Request(file.url, headers=headers)  # noqa: S310 (addresses of the catalogue, all https)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        resumed = answer.status == 206
        total = answer.length and answer.length + (start if resumed else 0)
        if total not in (None, file.size):
            raise _unreachable(file, f"an answer of {total:,} bytes instead of {file.size:,}")
        if start and not resumed:
            progress(-start)
        with _writing(part):
            out = part.open("ab" if resumed else "wb", buffering=0)
        with out:
            while (chunk := answer.read(_CHUNK)) and out.tell() <= file.size:
                with _writing(part):
                    _append(out, memoryview(chunk))
                progress(len(chunk))


def _append(out: FileIO, data: memoryview) -> None:
    while data:
        data = data[out.write(data) :]


@contextmanager
def _writing(part: Path) -> Iterator[None]:
    """Tell an error of the disk from one of the network."""
    try:
        yield
    except OSError as error:
        fix = "Free some space, or name another folder with SPGBENCH_CACHE; the same command goes on."
        raise EnvironmentFailure(f"path {part}", "be writable", str(error.strerror).lower(), fix) from error


def _check(file: WeightFile, part: Path) -> None:
    with part.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != file.sha256:
        aside = part.with_name(file.file + ".rejected")
        part.replace(aside)
        must, fix = (
            f"have SHA-256 {file.sha256}",
            "Look whether a proxy answered in its place; it is never used as it is.",
        )
        raise WeightsMissing(f"download of {file.url}", must, f"{found}, kept aside as {aside}", fix)


def _unreachable(file: WeightFile, reason: str) -> WeightsMissing:
    fix = f"Try again where there is a network, or put {file.file} into the folder that SPGBENCH_WEIGHTS names."
    return WeightsMissing(f"weights {file.file}", f"come from {file.url}", reason, fix)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
