from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.cli.doctor import doctor
from bench.errors import UnknownName, WeightsMissing
from bench.weights import WEIGHT_SETS, weight_file
from bench.weights.catalogue import FILES
from tests.weights.conftest import Publisher

CONTENT = b"weights" * 1000


def fetch(*names: str) -> tuple[str, str]:
    """What `spgbench fetch weights` prints to stdout and stderr; raises what it raises."""
    result = CliRunner().invoke(app, ["fetch", "weights", *names], catch_exceptions=False)
    return result.stdout, result.stderr


@pytest.fixture
def squeezenet(publisher: Publisher, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file in the place of SqueezeNet's, at a local server; where it will lie."""
    publisher.files["/squeezenet.pth"] = CONTENT
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    url = f"{publisher.address}/squeezenet.pth"
    entry = replace(weight_file("squeezenet"), url=url, sha256=sha256, size=len(CONTENT))
    monkeypatch.setitem(FILES, "squeezenet", entry)
    return cache / entry.file


def test_fetching_prints_where_the_files_of_a_set_lie(squeezenet: Path) -> None:
    out, err = fetch("lpips-squeeze")

    assert squeezenet.read_bytes() == CONTENT
    assert out.splitlines()[0] == str(squeezenet)
    assert out.splitlines()[1].endswith("lpips/weights/v0.1/squeeze.pth")
    assert err == ""  # no bar where nobody watches
    assert fetch("lpips-squeeze")[0] == out


def test_without_a_name_it_lists_what_there_is(squeezenet: Path) -> None:
    absent = fetch()[0]
    fetch("lpips-squeeze")

    lines = fetch()[0].splitlines()

    assert [line.split()[0] for line in lines] == list(WEIGHT_SETS)
    assert re.search(r"^lpips-squeeze +absent", absent, re.MULTILINE)
    assert re.search(r"^lpips-squeeze +at hand", "\n".join(lines), re.MULTILINE)


def test_unknown_names_and_dead_addresses_are_errors(squeezenet: Path, publisher: Publisher) -> None:
    with pytest.raises(UnknownName, match="Did you mean lpips-squeeze"):
        fetch("lpips-squeez")
    publisher.files.clear()
    with pytest.raises(WeightsMissing, match="404"):
        fetch("lpips-squeeze")


def test_help_has_an_example() -> None:
    result = CliRunner().invoke(app, ["fetch", "weights", "--help"])

    assert result.exit_code == 0
    assert "Example: spgbench fetch weights lpips-alex" in result.stdout


def test_doctor_says_which_weights_are_at_hand(squeezenet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch("lpips-squeeze")

    doctor()

    out = capsys.readouterr().out
    assert re.search(r"^ok +weights lpips-squeeze: .*squeezenet", out, re.MULTILINE)
    assert "absent  weights inception: found none; spgbench fetch weights inception" in out


def test_doctor_tells_of_a_wrong_file(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPGBENCH_WEIGHTS", str(tmp_path))
    (tmp_path / weight_file("inception").file).write_bytes(b"another network")

    doctor()

    assert re.search(r"absent +weights inception: found .*which is not used", capsys.readouterr().out)
