from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.gating.conftest import Recipe, build

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Bash script in which `bench` is the command."""
    head = f'bench() {{ "{sys.executable}" -m bench "$@"; }}\n'
    return subprocess.run(
        ["/bin/bash", "-c", head + script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONIOENCODING": "ascii", "FOLDER": str(folder)},
    )


@POSIX
def test_closed_streams_are_no_error(tmp_path: Path) -> None:
    done = shell(
        """
        bench ls metrics | true; echo ${PIPESTATUS[0]}
        bench ls metrics >&- 2>&-; echo $?
        bench ls metrics > /dev/full; echo $?
        TMPDIR=/proc bench ls metrics > /dev/full 2>&1; echo $?
        """,
        tmp_path,
    )

    assert done.stdout.split() == ["0", "0", "3", "3"]
    assert done.stderr.count("\n") == 1
    assert "standard output must be usable; found no space left on device" in done.stderr


@POSIX
def test_a_closed_pipe_keeps_the_exit_code_of_a_regression_and_output_is_utf_8(tmp_path: Path) -> None:
    build(tmp_path / "a", Recipe(protocols=["h\u00f6le@1"]))
    build(tmp_path / "b", Recipe(protocols=["h\u00f6le@1"], change=lambda *_: 0.1))

    done = shell(
        """
        bench gate $FOLDER/a $FOLDER/b 2>&1 | true; echo ${PIPESTATUS[0]}
        bench gate $FOLDER/a $FOLDER/b --markdown /dev/stderr
        """,
        tmp_path,
    )

    assert done.stdout.startswith("1\n")
    assert "net h\u00f6le@1" in done.stdout
    assert "\N{CROSS MARK} REGRESSION" in done.stderr
