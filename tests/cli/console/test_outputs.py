from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.cli.console.outputs import output_file, output_folder
from bench.errors import UsageError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, a folder and a folder that may not be written."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "file").touch()
    real = os.access

    def access(path: Path, mode: int) -> bool:
        return not Path(path).resolve().is_relative_to(tmp_path / "closed") and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty text. Is the variable set"),
        (" ", "an empty text"),
        ("folder", "the folder folder"),
        (".", "the folder ."),
        ("file/a.md", "where file is a file"),
        ("closed/new.md", "closed is read-only for you"),
        ("closed/file", "which you may not"),
        ("n" * 300, "file name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(place: Path, text: str, found: str) -> None:
    with pytest.raises(UsageError, match=r"^--markdown must ") as refused:
        output_file("--markdown")(text)
    assert found in str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty text"),
        ("file", "the file file"),
        ("file/out", "where file is a file"),
        ("closed/new", "closed is read-only for you"),
        ("closed", "closed is read-only for you"),
    ],
)
def test_a_folder_that_cannot_be_written_is_refused(place: Path, text: str, found: str) -> None:
    with pytest.raises(UsageError, match=r"^--out must ") as refused:
        output_folder("--out")(text)
    assert found in str(refused.value)


def test_what_is_there_and_what_can_be_made_is_taken(place: Path) -> None:
    assert output_file("--junit")("file") == Path("file")
    assert output_file("--junit")("new/folders/a.xml") == Path("new/folders/a.xml")
    assert output_file("--junit")("/dev/null") == Path("/dev/null")
    assert output_folder("--out")("folder") == Path("folder")
    assert output_folder("--out")("new/folders") == Path("new/folders")
    assert not (place / "new").exists()
