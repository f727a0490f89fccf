from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.records import write_atomically


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size in bytes, as under `ulimit -f`."""
    resource = pytest.importorskip("resource", reason="limits of a process are POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_cannot_be_written_whole_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    with pytest.raises(OSError, match="too large") as refused, largest_file(1000):
        write_atomically(path, "x" * 5000)

    assert (refused.value.errno, refused.value.filename) == (errno.EFBIG, str(path))
    assert list(path.parent.iterdir()) == []


def test_an_earlier_file_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "first")
    with pytest.raises(OSError, match="too large"), largest_file(1000):
        write_atomically(path, "x" * 5000)

    assert path.read_text(encoding="utf-8") == "first"


def test_a_name_that_is_no_unicode_is_written_as_an_escape(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", "caf\u00e9 \udce9")

    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "caf\u00e9 \\udce9"


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
