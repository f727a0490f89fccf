"""Standard streams that never end a command: UTF-8, closed pipes, closed descriptors."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["close_streams", "prepare_streams"]


_NAMES = ("standard input", "standard output", "standard error")


class _Descriptor(io.FileIO):
    """A file descriptor whose reader may go away: what is written from then on is dropped."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            _send_to_devnull(self.fileno())
            return len(memoryview(data).cast("B"))
        except OSError as error:
            raise OSError(error.errno, error.strerror, _NAMES[self.fileno()]) from error


def prepare_streams() -> None:
    """Make stdout and stderr of this process usable, whatever they are connected to.

    A pipe or file gets UTF-8; a terminal keeps its encoding, and what that cannot hold is written as an escape. A pipe
    whose reader is gone swallows the rest, so that the command does its work and keeps its exit code. A stream that was
    closed before the process started writes to nowhere.
    """
    _hold_descriptors()
    sys.stdout = _prepared(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _prepared(sys.stderr, sys.__stderr__, 2)


def close_streams() -> OSError | None:
    """Write what is left; a stream that cannot be written drops it. Returns the error of stdout."""
    _flushed(sys.stderr)
    return _flushed(sys.stdout)


def _flushed(stream: TextIO) -> OSError | None:
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):
            _send_to_devnull(stream.fileno())
        return error
    return None


def _prepared(stream: TextIO | None, original: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    if stream is not original or not isinstance(stream, io.TextIOWrapper):
        return stream  # a test's or a notebook's
    if stream.isatty():
        stream.reconfigure(errors="backslashreplace")
        return stream
    stream.flush()
    buffer = io.BufferedWriter(_Descriptor(descriptor, "w", closefd=False))
    return io.TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=descriptor == 2)


def _hold_descriptors() -> None:
    """Open what is closed of 0, 1 and 2, lest the next file that is opened becomes one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError as error:
            if error.errno == errno.EBADF:
                _send_to_devnull(descriptor)


def _send_to_devnull(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
