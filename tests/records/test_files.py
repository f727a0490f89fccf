from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench.errors import EnvironmentFailure, RunConflict, UsageError
from bench.records import locked, read_shard, write_atomically
from bench.records.files import remove_abandoned
from tests.support.faults import FaultyDisk, faulty_disk


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder with an open file")
@pytest.mark.parametrize("error", [None, UsageError("a", "b", "c"), FileNotFoundError(2, "No such file", "a")])
def test_an_output_folder_that_vanishes_is_an_error_of_the_environment(tmp_path: Path, error: Exception | None) -> None:
    out = tmp_path / "out"

    def work() -> None:
        with locked(out):
            shutil.rmtree(out)
            write_atomically(out / "cells" / "a.json", "made again")
            if error:
                raise error

    with pytest.raises(EnvironmentFailure, match=f"output folder {out} must stay where it is"):
        work()


def test_a_file_that_cannot_be_read_is_not_taken_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "samples-0000.jsonl"
    path.write_text("{}")
    assert read_shard(tmp_path / "other.jsonl") is None

    def broken(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(OSError, match="Input/output error") as refused:
        read_shard(path)
    assert refused.value.filename == str(path)


def test_what_a_killed_process_left_half_written_is_removed_and_what_a_live_one_writes_stays(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    with faulty_disk(FaultyDisk(tmp_path)) as disk:
        write_atomically(tmp_path / "tables" / "a.md", "text")
    ours = next(event.source for event in disk.journal if event.kind == "rename")
    assert ours is not None
    theirs = ours.with_name(ours.name.replace(f"-{os.getpid()}-", f"-{child.pid}-"))
    elsewhere = ours.with_name(f".another{theirs.name[1:]}")
    for part in (ours, theirs, elsewhere):
        part.touch()

    with locked(tmp_path):
        pass

    assert not theirs.exists()
    assert ours.exists()
    assert elsewhere.exists()


def test_the_file_of_a_lock_that_nobody_holds_blocks_nobody(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("12345")
    with locked(tmp_path), pytest.raises(RunConflict, match="another one at work"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder with an open file")
def test_a_folder_that_was_made_again_by_another_command_is_not_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def work() -> None:
        with locked(out):
            shutil.move(out, tmp_path / "moved")
            other.enter_context(locked(out))

    with ExitStack() as other:
        with pytest.raises(EnvironmentFailure, match="must stay where it is"):
            work()
        with pytest.raises(RunConflict), locked(out):
            pass


def test_a_lock_that_cannot_be_made_names_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with (
        faulty_disk(FaultyDisk(out, errno.EROFS, first=1)),
        pytest.raises(OSError, match="Read-only") as refused,
        locked(out),
    ):
        pass

    assert refused.value.filename == str(out)
    assert not out.parent.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_what_a_killed_process_left_is_removed_before_its_parent_has_asked_how_it_ended(tmp_path: Path) -> None:
    machine = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32]
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        ended.stdout.read()  # it has closed its output: it ends, and nobody waits for it so far
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        left = tmp_path / f".{machine}-{ended.pid}-0123456789ab.part"
        own = tmp_path / f".{machine}-{os.getpid()}-0123456789ab.part"
        for part in (left, own):
            part.write_text("{")

        remove_abandoned(tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == [own.name]
