"""Wheel and sdist of one commit, built under two different conditions and compared byte by byte."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.release.commands import run_command, uv
from tests.support.release.report import Problem

__all__ = ["Commit", "Distributions", "build_twice", "changed_files", "from_sdist", "sha256"]

_UNLIKE = (
    {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
)
"""Variables of the two builds; folder, umask and times of the files differ as well."""


@dataclass(frozen=True)
class Distributions:
    """One build.

    Attributes:
        wheel: its file.
        sdist: its file.
    """

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Commit:
    """What is built, even if the checkout moves on meanwhile.

    Attributes:
        root: of the checkout.
        name: the full hash.
        time: seconds since 1970, which the distributions carry.
        files: paths of all its files, relative to the root.
    """

    root: Path
    name: str
    time: int
    files: frozenset[str]

    @classmethod
    def last(cls, root: Path) -> Commit:
        """The last commit of a checkout."""
        name, time = run_command(["git", "log", "-1", "--format=%H %ct"], root).stdout.split()
        listed = run_command(["git", "ls-tree", "-r", "-z", "--name-only", name], root).stdout
        return cls(root, name, int(time), frozenset(listed.split("\0")[:-1]))


def changed_files(root: Path) -> list[str]:
    """Files that differ from the last commit, and files that it lacks."""
    return run_command(["git", "status", "--porcelain"], root).stdout.splitlines()


def build_twice(commit: Commit, work: Path) -> Distributions:
    """Build a commit twice. Raises Problem if the two builds differ."""
    builds = [
        _build(
            _export(commit, work / f"{'long-name-' * number}source", umask),
            work / f"build-{number}",
            commit.time,
            unlike,
        )
        for number, (unlike, umask) in enumerate(zip(_UNLIKE, ("0022", "0077"), strict=True))
    ]
    first, second = builds
    _same(first.wheel, second.wheel, "two builds of the wheel")
    _same(first.sdist, second.sdist, "two builds of the sdist")
    return first


def from_sdist(commit: Commit, work: Path, built: Distributions) -> Path:
    """The folder of the unpacked sdist. Raises Problem if it builds another wheel than the checkout."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(work / "sdist", filter="data")
    (folder,) = (work / "sdist").iterdir()
    again = _build(folder, work / "build-of-sdist", commit.time, {}, ["--wheel"])
    _same(built.wheel, again.wheel, "the wheel of the checkout and that of the sdist")
    return folder


def sha256(file: Path) -> str:
    """Hexadecimal digest of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _export(commit: Commit, folder: Path, umask: str) -> Path:
    """The files of the commit alone, in a folder of their own."""
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    command: list[str | Path] = [
        "git",
        "-c",
        f"tar.umask={umask}",
        "archive",
        "--format=tar",
        "--output",
        archive,
        commit.name,
    ]
    run_command(command, commit.root)
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="fully_trusted")  # noqa: S202 (own files; "data" levels permissions)
    archive.unlink()
    return folder


def _build(
    source: Path, out: Path, epoch: int, variables: dict[str, str], kinds: Sequence[str] = ("--sdist", "--wheel")
) -> Distributions:
    pins: list[str | Path] = ["--build-constraints", source / "constraints.txt"]
    command: list[str | Path] = [
        uv(),
        "build",
        "--quiet",
        "--python",
        sys.executable,
        *pins,
        *kinds,
        "--out-dir",
        out,
        source,
    ]
    run_command(command, source, variables | {"SOURCE_DATE_EPOCH": str(epoch)})
    wheels, sdists = list(out.glob("*.whl")), list(out.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != ("--sdist" in kinds):
        raise Problem(f"a build must write one file of each kind; found {sorted(path.name for path in out.iterdir())}")
    return Distributions(wheels[0], sdists[0] if sdists else out)


def _same(one: Path, other: Path, what: str) -> None:
    if one.name != other.name or sha256(one) != sha256(other):
        raise Problem(f"{what} must be equal byte by byte; found {sha256(one)[:12]} and {sha256(other)[:12]}")
