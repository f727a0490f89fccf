"""Commands and environments of the release check, all outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.release.report import Problem

__all__ = ["Environment", "run_command", "uv"]

_OF_THIS_SHELL = ("PYTHON", "VIRTUAL_ENV", "COVERAGE_", "UV_CONSTRAINT", "SOURCE_DATE_EPOCH")
"""Variables that would let the checkout, or an earlier command, reach into what is tested."""


def run_command(
    command: Sequence[str | Path],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    check: bool = True,
    limit_s: float = 1800,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without this shell's variables of Python. Raises CalledProcessError if it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THIS_SHELL)}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=kept | dict(variables or {}),
        check=check,
        capture_output=True,
        text=True,
        timeout=limit_s,
        stdin=subprocess.DEVNULL,
    )


def uv() -> Path:
    """The command uv beside this interpreter, or on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = beside if beside.is_file() else shutil.which("uv")
    if found is None:
        raise Problem("the release check must find uv; run `make release-check`, which installs it")
    return Path(found)


@dataclass(frozen=True)
class Environment:
    """A virtual environment that uv makes from its cache.

    Attributes:
        folder: of the environment.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """A command that is installed in it."""
        return self.folder / "bin" / name

    def install(self, constraints: Path, *what: str | Path) -> None:
        """Make the environment if there is none, and install the requirements under the pins."""
        if not self.python.exists():
            run_command([uv(), "venv", "--quiet", "--python", sys.executable, self.folder], self.folder.parent)
        pins: list[str | Path] = ["--constraint", constraints, "--build-constraint", constraints]
        command = [uv(), "pip", "install", "--quiet", "--python", self.python, *pins, *what]
        run_command(command, constraints.parent)
