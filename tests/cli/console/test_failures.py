from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bench.records
from bench.cli import main
from bench.errors import UsageError

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The entry point in this process: exit code and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["spgbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        code = stop.value.code
        assert isinstance(code, int)
        return code, capsys.readouterr().err

    return call


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes `spgbench report` raise an exception."""

    def fail(error: BaseException) -> None:
        def raising(_: Path) -> None:
            raise error

        monkeypatch.setattr(bench.records, "read_run", raising)

    return fail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/a"), ("path out/a", "no space left", "-o")),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "out/a"), ("read-only file system",)),
        (PermissionError(errno.EACCES, "Permission denied", "a", None, "b"), ("path b", "permission denied")),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), ("a file must", "too large", "ulimit -f")),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), b"a"), ("too many open files", "ulimit -n")),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "out/a"), ("moved or deleted",)),
        (OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), "a"), ("shorter name",)),
        (MemoryError(), ("memory must", "--workers")),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"), ("memory must",)),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), ("memory must",)),
        (type("BrokenProcessPool", (RuntimeError,), {})("terminated"), ("worker processes", "killed")),
        (OSError("cannot identify image file"), ("internal error: OSError",)),
        (TypeError("first\nsecond"), ("internal error: TypeError: first (bench/cli/report.py:",)),
        (KeyError(), ("internal error: KeyError: no message",)),
    ],
)
def test_any_exception_is_one_line_with_exit_3_and_its_traceback_in_the_log(
    run: Run, failing: Callable[[BaseException], None], tmp_path: Path, error: Exception, words: tuple[str, ...]
) -> None:
    failing(error)
    code, text = run("report", tmp_path / "out")

    log = tmp_path / "out" / "log.txt"
    assert code == 3
    assert text.startswith("spgbench: ")
    assert text.count("\n") == 1
    assert all(word in text for word in (*words, str(log), "--debug"))
    assert "Traceback (most recent call last)" in log.read_text(encoding="utf-8")


def test_debug_prints_the_traceback_too(
    run: Run, failing: Callable[[BaseException], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(TypeError("a mistake"))

    by_option = run("report", tmp_path, "--debug")
    monkeypatch.setenv("SPGBENCH_DEBUG", "1")
    by_variable = run("report", tmp_path)

    for code, text in (by_option, by_variable):
        assert code == 3
        assert "Traceback (most recent call last)" in text
        assert text.splitlines()[-1].startswith("spgbench: internal error")


def test_without_an_output_folder_that_can_be_written_the_log_is_in_the_temporary_one(
    run: Run, failing: Callable[[BaseException], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing(TypeError("a mistake"))

    _, text = run("report", tmp_path / "file" / "out")

    logs = list(tmp_path.glob("spgbench-*/log.txt"))
    assert len(logs) == 1
    assert str(logs[0]) in text


def test_an_error_of_the_user_leaves_no_log(run: Run, failing: Callable[[BaseException], None], tmp_path: Path) -> None:
    failing(UsageError("a", "b", "c"))

    assert run("report", tmp_path / "out") == (2, "spgbench: a must b; found c.\n")
    assert not (tmp_path / "out").exists()


def test_ctrl_c_is_130(run: Run, failing: Callable[[BaseException], None], tmp_path: Path) -> None:
    failing(KeyboardInterrupt())

    assert run("report", tmp_path)[0] == 130
