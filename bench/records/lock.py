"""One command at a time in an output folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import EnvironmentFailure, RunConflict
from bench.records.files import remove_abandoned

__all__ = ["locked"]


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold an output folder (made if it is not there): two commands at once would mix their files.

    The system gives the lock back when its process ends, however that ends; the file `.lock` that stays means nothing.
    Machines that share a file system see one another's locks where it has `flock` for all of them, as NFS does.
    When the block raises, a lock and empty folders that were made for it are removed.

    Raises:
        RunConflict: when another process holds it.
        EnvironmentFailure: when the folder was moved or deleted meanwhile.
        OSError: with the folder as its file name, when it cannot be written, or its file system has no locks.
    """
    from filelock import FileLock, Timeout

    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    file = out / ".lock"
    try:
        out.mkdir(parents=True, exist_ok=True)
        first = not file.exists()
        lock = FileLock(file)
        lock.acquire(timeout=0)
        held = _identity(file)
    except Timeout as error:
        must, fix = "be used by one command at a time", "Wait for it, or choose another folder with -o."
        raise RunConflict(f"output folder {out}", must, "another one at work", fix) from error
    except OSError as error:
        _remove_empty(made)
        raise OSError(error.errno, error.strerror, str(out)) from error
    try:
        _remove_parts(out)
        yield
        if _identity(file) != held:
            raise _vanished(out)
    except BaseException as error:
        gone = _identity(file) != held
        if first and not gone:
            with suppress(OSError):  # while it is held: the next command must not lock a file that is about to go
                file.unlink()
        lock.release()
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


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file has this name; None when there is none. A folder that was made again has another."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _remove_parts(out: Path) -> None:
    """Remove what killed commands left half-written; cells are cleaned when they become whole."""
    remove_abandoned(out, below=False)
    for folder in out.iterdir():
        if folder.is_dir() and folder.name != "cells":
            remove_abandoned(folder)
