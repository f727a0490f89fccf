"""Wheel and sdist of the last commit, built under two different conditions and compared byte by byte."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.release.commands import run_command, uv
from tests.support.release.report import Problem

__all__ = ["Distributions", "build_twice", "changed_files", "commit_time", "from_sdist", "sha256", "tracked_files"]

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


def tracked_files(root: Path) -> frozenset[str]:
    """Paths of all files of the last commit, relative to the root."""
    return frozenset(run_command(["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"], root).stdout.split("\0")[:-1])


def changed_files(root: Path) -> list[str]:
    """Files that differ from the last commit, and files that it lacks."""
    return run_command(["git", "status", "--porcelain"], root).stdout.splitlines()


def commit_time(root: Path) -> int:
    """Seconds since 1970 of the last commit: the time that the distributions carry."""
    return int(run_command(["git", "log", "-1", "--format=%ct"], root).stdout)


def build_twice(root: Path, work: Path) -> Distributions:
    """Build the last commit twice. Raises Problem if the two builds differ."""
    epoch = commit_time(root)
    builds = [
        _build(_export(root, work / f"{'long-name-' * number}source", umask), work / f"build-{number}", epoch, unlike)
        for number, (unlike, umask) in enumerate(zip(_UNLIKE, ("0022", "0077"), strict=True))
    ]
    first, second = builds
    _same(first.wheel, second.wheel, "two builds of the wheel")
    _same(first.sdist, second.sdist, "two builds of the sdist")
    return first


def from_sdist(root: Path, work: Path, built: Distributions) -> Path:
    """The folder of the unpacked sdist. Raises Problem if it builds another wheel than the checkout."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(work / "sdist", filter="data")
    (folder,) = (work / "sdist").iterdir()
    again = _build(folder, work / "build-of-sdist", commit_time(root), {}, ["--wheel"])
    _same(built.wheel, again.wheel, "the wheel of the checkout and that of the sdist")
    return folder


def sha256(file: Path) -> str:
    """Hexadecimal digest of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _export(root: Path, folder: Path, umask: str) -> Path:
    """The files of the last commit alone, in a folder of their own."""
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    command = ["git", "-c", f"tar.umask={umask}", "archive", "--format=tar", "--output", archive, "HEAD"]
    run_command(command, root)
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="fully_trusted")  # noqa: S202 (own files; "data" levels permissions)
    archive.unlink()
    return folder


def _build(
    source: Path, out: Path, epoch: int, variables: dict[str, str], kinds: Sequence[str] = ("--sdist", "--wheel")
) -> Distributions:
    pins = ["--build-constraints", source / "constraints.txt"]
    command = [uv(), "build", "--quiet", "--python", sys.executable, *pins, *kinds, "--out-dir", out, source]
    run_command(command, source, variables | {"SOURCE_DATE_EPOCH": str(epoch)})
    wheels, sdists = list(out.glob("*.whl")), list(out.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != ("--sdist" in kinds):
        raise Problem(f"a build must write one file of each kind; found {sorted(path.name for path in out.iterdir())}")
    return Distributions(wheels[0], sdists[0] if sdists else out)


def _same(one: Path, other: Path, what: str) -> None:
    if one.name != other.name or sha256(one) != sha256(other):
        raise Problem(f"{what} must be equal byte by byte; found {sha256(one)[:12]} and {sha256(other)[:12]}")
