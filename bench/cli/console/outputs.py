"""Output options, checked before any work: a folder or a file that can be written, or one line that says why not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bench.errors import UsageError

__all__ = ["output_file", "output_folder"]


def output_folder(option: str) -> Callable[[str], Path]:
    """What turns the text of `option` into a folder: one that is there and may be written, or that can be made."""

    def folder(text: str) -> Path:
        path = _named(option, text, "a folder")
        if path.exists() and not path.is_dir():
            raise _refused(option, "be a folder", f"the file {text}")
        _check_place(option, path, text)
        return path

    return folder


def output_file(option: str) -> Callable[[str], Path]:
    """What turns the text of `option` into a file that may be written; folders that it lacks can be made."""

    def file(text: str) -> Path:
        path = _named(option, text, "a file")
        if path.is_dir():
            raise _refused(option, "be a file", f"the folder {text}")
        if path.exists() and not os.access(path, os.W_OK):
            raise _refused(option, "be a file that you may write", f"{text}, which you may not")
        if not path.exists() or path.is_file():
            _check_place(option, path.parent, text)
        return path

    return file


def _named(option: str, text: str, what: str) -> Path:
    if not text.strip():
        raise _refused(option, f"name {what}", "an empty text", " Is the variable set that it comes from?")
    path = Path(text)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise _refused(option, f"name {what}", f"{text[:80]!r}, {reason}") from error
    return path


def _check_place(option: str, folder: Path, text: str) -> None:
    """Raise UsageError unless `folder`, or the folder in which it can be made, may be written."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise _refused(option, "lie in a folder", f"{text}, where {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise _refused(option, "lie where you may write", f"{text}, and {there} is read-only for you")


def _refused(option: str, must: str, found: str, fix: str = "") -> UsageError:
    return UsageError(option, must, found, fix.strip() or "Give another path.")
