"""Versions of the package to run: this one, a git revision, or another environment."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError

__all__ = ["Version", "other_version", "this_version"]

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Version:
    """A version of the package, and how to run it.

    Attributes:
        title: for tables.
        python: interpreter.
        root: folder that holds its `bench`, or None if the interpreter finds it.
    """

    title: str
    python: str
    root: Path | None


def this_version() -> Version:
    """The version that is running."""
    return Version("this version", sys.executable, _PACKAGE.parent)


@contextlib.contextmanager
def other_version(name: str) -> Iterator[Version]:
    """The version called `name`; a git revision is unpacked for as long as the context lasts.

    Args:
        name: a git revision of the checkout that this package, or else the working folder, lies in; or the path of a
            virtual environment or of a Python interpreter.

    Raises:
        UsageError: `name` is none of these.
    """
    path = Path(name)
    python = path / "bin" / "python" if path.is_dir() else path
    if python.is_file():
        yield Version(name, str(python.absolute()), None)  # not resolved: a link into an environment is its way in
        return
    checkout, commit = _commit(name)
    with tempfile.TemporaryDirectory(prefix="spgbench-base-") as folder:
        root = Path(folder)
        packed = _git(checkout, "archive", "--format=tar", commit)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(root, filter="data")
        if not (root / "bench").is_dir():
            raise _refusal(name, f"no bench/ in commit {commit[:12]}")
        yield Version(f"{name} ({commit[:12]})" if name != commit else commit[:12], sys.executable, root)


def _commit(name: str) -> tuple[Path, str]:
    """The checkout that has the revision, and the hash of its commit."""
    for place in (_PACKAGE, Path.cwd()):
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            top = Path(_git(place, "rev-parse", "--show-toplevel").decode().strip())
            commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            return top, commit.decode().strip()
    raise _refusal(name, "no such revision, and no such file or folder")


def _git(place: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(place), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout  # noqa: S603 (git, without a shell)


def _refusal(name: str, found: str) -> UsageError:
    must = "be a git revision with a bench/ folder, a virtual environment, or a Python interpreter"
    return UsageError(f"--against {name}", must, found, "Give main, HEAD~1 or .venv-old, for example.")
